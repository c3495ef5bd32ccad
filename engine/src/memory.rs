//! Memory reports: what a graph keeps for its backward pass, by operation, and what is live.

use crate::Tensor;
use crate::graph::{Edge, Node};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use gradus_kernels::memory::{Usage, reset_peak, trim, usage};

static COPIED: AtomicUsize = AtomicUsize::new(0);

/// Bytes of parameters that steps had to copy because something else still held them, since the program started.
pub fn copied_by_steps() -> usize {
    COPIED.load(Ordering::Relaxed)
}

pub(crate) fn count_copy(bytes: usize) {
    COPIED.fetch_add(bytes, Ordering::Relaxed);
}

/// What the graph of a result keeps for its backward pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// By operation: the number of nodes, and the bytes that they save. A buffer that several nodes save counts
    /// for the first of them; buffers that a parameter or the caller also holds are included.
    pub by_op: BTreeMap<&'static str, Saving>,
    /// Bytes of all distinct buffers.
    pub bytes: usize,
}

/// What the nodes of one operation save.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saving {
    /// Nodes in the graph.
    pub nodes: usize,
    /// Bytes, without buffers that an earlier node already counted.
    pub bytes: usize,
}

impl Report {
    /// Walks the graph of `y` and leaves it unchanged.
    pub fn of(y: &Tensor) -> Report {
        let mut report = Report::default();
        let mut nodes = HashSet::new();
        let mut buffers = HashSet::new();
        let mut pending: Vec<Arc<Node>> = y.edge.iter().map(|e| e.node.clone()).collect();
        while let Some(node) = pending.pop() {
            if !nodes.insert(node.id) {
                continue;
            }
            pending.extend(node.inputs.iter().flatten().map(|Edge { node, .. }| node.clone()));
            let entry = report.by_op.entry(node.op).or_default();
            entry.nodes += 1;
            let saved = node.saved.lock().unwrap_or_else(|e| e.into_inner());
            for buffer in saved.iter().flat_map(|s| s.buffers()) {
                if buffers.insert(Arc::as_ptr(buffer)) {
                    entry.bytes += buffer.size();
                    report.bytes += buffer.size();
                }
            }
        }
        report
    }
}

impl fmt::Display for Report {
    /// A table, the largest first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: Vec<_> = self.by_op.iter().filter(|(_, s)| s.bytes > 0).collect();
        rows.sort_by_key(|(op, s)| (std::cmp::Reverse(s.bytes), **op));
        writeln!(f, "{:<20} {:>7} {:>12}", "saved for backward", "nodes", "bytes")?;
        for (op, s) in rows {
            writeln!(f, "{op:<20} {:>7} {:>12}", s.nodes, s.bytes)?;
        }
        write!(
            f,
            "{:<20} {:>7} {:>12}",
            "all",
            self.by_op.values().map(|s| s.nodes).sum::<usize>(),
            self.bytes
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_op_that_saves_nothing_shows_nothing() {
        let x = Tensor::from_slice(&[1.0f32; 8], [8]).variable();
        let sum = &x + &x;
        assert_eq!(Report::of(&sum).bytes, 0);
        let y = sum.tanh();
        let report = Report::of(&y);
        assert_eq!(report.by_op["tanh"], Saving { nodes: 1, bytes: 32 });
        assert_eq!(report.bytes, 32);
        assert!(report.to_string().contains("tanh"));
    }
}
