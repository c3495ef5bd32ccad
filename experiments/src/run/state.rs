use gradus_engine::state::StateDict;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The state of a loss or a model between steps, besides parameters: the moving average of GHM, the cells of a recurrent
/// language model. It is part of the checkpoint, and evaluation never changes it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The part that is made of numbers and text.
    pub value: Value,
    /// Tensors by name; a checkpoint stores them beside those of the model.
    #[serde(skip)]
    pub tensors: StateDict,
}

impl State {
    /// A state of one value.
    ///
    /// # Panics
    /// If the value cannot be serialised, which a value of numbers and text can.
    pub fn of(value: &impl Serialize) -> Self {
        let value = serde_json::to_value(value).expect("a state is made of numbers and text");
        State { value, tensors: StateDict::new() }
    }

    /// The value that was given to [`State::of`]; none if the state holds another type.
    pub fn get<T: for<'de> Deserialize<'de>>(&self) -> Option<T> {
        T::deserialize(&self.value).ok()
    }
}
