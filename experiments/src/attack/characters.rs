use crate::data::split::shuffle;

/// The rows of letters on a keyboard with the layout QWERTY.
const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// The most misspellings of a word to try.
const MOST: usize = 24;

/// The fewest characters of a word that is misspelt.
const SHORTEST: usize = 4;

/// Misspellings of a word: two neighbouring characters swapped, one dropped, or one replaced by a neighbour on the keyboard. The
/// first and the last character stay, so that people still read the word. At most 24, drawn by the seed.
///
/// Source: Pruthi, Dhingra, Lipton, "Combating adversarial misspellings with robust word recognition", ACL 2019, section 3.
pub(super) fn misspellings(word: &str, seed: u64, stream: u64) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < SHORTEST || !letters.iter().any(|c| c.is_alphabetic()) {
        return vec![];
    }
    let inner = 1..letters.len() - 1;
    let mut all: Vec<Vec<char>> = vec![];
    for i in inner.clone() {
        if i + 1 < inner.end && letters[i] != letters[i + 1] {
            let mut swapped = letters.clone();
            swapped.swap(i, i + 1);
            all.push(swapped);
        }
        let mut dropped = letters.clone();
        dropped.remove(i);
        all.push(dropped);
        all.extend(neighbours(letters[i]).into_iter().map(|c| {
            let mut replaced = letters.clone();
            replaced[i] = c;
            replaced
        }));
    }
    let mut words: Vec<String> = all.into_iter().map(|letters| letters.into_iter().collect()).collect();
    words.sort();
    words.dedup();
    shuffle(&mut words, seed, stream);
    words.truncate(MOST);
    words
}

/// The letters beside, above and below a letter, in its case.
fn neighbours(letter: char) -> Vec<char> {
    let lower = letter.to_ascii_lowercase();
    let place =
        ROWS.iter().enumerate().find_map(|(row, keys)| Some((row as isize, keys.find(lower)? as isize)));
    let Some((row, column)) = place else { return vec![] };
    // Each row is shifted by about half a key to the right of the row above it.
    let around = [(0, -1), (0, 1), (-1, 0), (-1, 1), (1, -1), (1, 0)];
    let key = |(down, right): (isize, isize)| {
        let row = ROWS.get(usize::try_from(row + down).ok()?)?;
        row.chars().nth(usize::try_from(column + right).ok()?)
    };
    let keys = around.into_iter().filter_map(key);
    keys.map(|key| if letter.is_uppercase() { key.to_ascii_uppercase() } else { key }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_those_of_the_keyboard() {
        assert_eq!(neighbours('g'), ['f', 'h', 't', 'y', 'v', 'b']);
        assert_eq!(neighbours('Q'), ['W', 'A']);
        assert_eq!(neighbours('é'), []);
    }

    #[test]
    fn the_ends_of_a_word_stay() {
        let all = misspellings("Film", 3, 0);
        assert_eq!(all, misspellings("Film", 3, 0));
        assert!(
            all.iter().all(|word| word.starts_with('F') && word.ends_with('m') && word != "Film"),
            "{all:?}"
        );
        for expected in ["Flim", "Flm", "Fim", "Folm", "Fikm"] {
            assert!(all.iter().any(|word| word == expected), "{expected}: {all:?}");
        }
        let long = misspellings("unbelievable", 3, 0);
        assert_eq!(long.len(), MOST);
        assert_ne!(long, misspellings("unbelievable", 4, 0));
        assert_ne!(long, misspellings("unbelievable", 3, 1));
        for word in ["the", "", "1996", "...."] {
            assert_eq!(misspellings(word, 3, 0), Vec::<String>::new());
        }
    }
}
