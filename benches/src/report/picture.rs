//! The picture, with a bar for each workload.

use super::Report;
use std::fmt::Write;

impl Report {
    /// The peer that has the most ratios; among ties the first.
    fn widest_peer(&self) -> Option<&str> {
        let ratios = |name: &str| self.bars(name).len();
        let names = self.rows.iter().flat_map(|row| row.peers.iter().map(|p| p.name.as_str()));
        // `max_by_key` returns the last of equal elements; in reverse order this is the first.
        names.collect::<Vec<_>>().into_iter().rev().max_by_key(|name| ratios(name))
    }

    /// The workloads and ratios of a peer.
    fn bars(&self, peer: &str) -> Vec<(&str, f64)> {
        let ratio =
            |row: &super::Row| row.peers.iter().find(|p| p.name == peer).and_then(|p| row.ratio(p).ok());
        self.rows.iter().filter_map(|row| Some((row.name.as_str(), ratio(row)?))).collect()
    }

    /// The picture as SVG: the ratios of the peer that has the most of them.
    pub fn svg(&self) -> String {
        let peer = self.widest_peer().unwrap_or_default();
        let bars = self.bars(peer);
        let (left, width, step) = (290.0, 480.0, 20.0);
        let height = 50.0 + step * bars.len() as f64;
        let most = bars.iter().map(|b| b.1).fold(2.0, f64::max).log2();
        let least = bars.iter().map(|b| b.1).fold(0.5, f64::min).log2();
        let x = |ratio: f64| left + width * (ratio.log2() - least) / (most - least);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{height}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"{left}\" y=\"18\">\
             Time of {peer} / time of Gradus</text>\n",
            left + width + 70.0
        );
        for (i, (name, ratio)) in bars.iter().enumerate() {
            let y = 30.0 + step * i as f64;
            let (from, to) = (x(1.0).min(x(*ratio)), x(1.0).max(x(*ratio)));
            let colour = if *ratio >= 1.0 { "#2a7" } else { "#c63" };
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}</text><rect x=\"{from:.1}\" y=\"{y}\" \
                 width=\"{:.1}\" height=\"14\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{}\">{ratio:.2}</text>",
                left - 8.0,
                y + 12.0,
                (to - from).max(1.0),
                to + 6.0,
                y + 12.0
            );
        }
        let one = x(1.0);
        let _ = writeln!(
            svg,
            "<line x1=\"{one:.1}\" x2=\"{one:.1}\" y1=\"26\" y2=\"{}\" stroke=\"#333\"/>",
            height - 16.0
        );
        svg + "</svg>\n"
    }
}
