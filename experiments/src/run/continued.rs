use gradus_engine::Tensor;

/// A text that a model continues, token by token.
pub trait Continued {
    /// What of the prompt the model does not see, as a note for the user; none if it sees all.
    fn cut(&self) -> Option<String>;

    /// log p of each token as the next one, `f32` [V], on the model's device.
    fn log_p(&self) -> &Tensor;

    /// A token as it is shown.
    fn shown(&self, token: usize) -> String;

    /// Adds a token. Returns the bytes that it adds to the text; a character may end with a later token.
    fn push(&mut self, token: usize) -> Vec<u8>;
}
