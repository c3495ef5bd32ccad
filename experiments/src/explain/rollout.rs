use super::Explained;

/// a = r A_L ⋯ A_1, with A_l = ½ (W_l + I), W_l the mean over the heads of layer l, and r the positions from which the output is
/// read: how much of each word's position arrives there, if each layer passes half of its input on by the residual
/// connection. None without self-attention.
///
/// Source: Abnar, Zuidema, "Quantifying attention flow in transformers", ACL 2020, section 3.
pub(super) fn attributions(subject: &dyn Explained) -> Option<Vec<f64>> {
    let maps = subject.attention();
    let layers: Vec<_> = maps.iter().filter(|map| map.is_self_attention()).collect();
    if layers.is_empty() {
        return None;
    }
    // From the last layer to the first; words outside a layer's text stay where they are.
    let mut values = subject.reads_from();
    for layer in layers.into_iter().rev() {
        let before = values.clone();
        layer.rows.clone().for_each(|i| values[i] = 0.5 * before[i]);
        for (i, row) in layer.rows.clone().zip(layer.mean()) {
            for (j, weight) in layer.columns.clone().zip(row) {
                values[j] += 0.5 * before[i] * weight;
            }
        }
    }
    Some(values)
}
