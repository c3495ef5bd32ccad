//! Tables on a terminal.

/// Rows as lines: the first column to the left, the others to the right, each as wide as the longest of its entries and of `least`.
pub(super) fn columns<const N: usize>(rows: &[[String; N]], least: [usize; N]) -> String {
    let width = |k: usize| rows.iter().map(|row| row[k].chars().count()).max().unwrap_or(0).max(least[k]);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let entry = |(k, (entry, &width)): (usize, (&String, &usize))| match k {
            0 => format!("{entry:<width$}"),
            _ => format!("{entry:>width$}"),
        };
        let entries: Vec<String> = row.iter().zip(&widths).enumerate().map(entry).collect();
        format!("{}\n", entries.join(" "))
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_wide_as_its_longest_entry() {
        let rows = [["", "before"], ["dev perplexity_per_word", "1.10"], ["größe", "123456789012"]];
        let rows = rows.map(|row| row.map(String::from));
        assert_eq!(
            columns(&rows, [8, 4]),
            "                              before\n\
             dev perplexity_per_word         1.10\n\
             größe                   123456789012\n"
        );
        assert_eq!(columns(&rows[..1], [3, 8]), "      before\n");
    }
}
