use gradus_engine::state::StateDict;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a loss or a model carries from one step to the next, besides parameters: the moving average of GHM, the cells of a
/// recurrent language model. It is in the checkpoint, and evaluation never changes it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Numbers and text.
    pub value: Value,
    /// Tensors by name; a checkpoint keeps them beside those of the model.
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

    /// The value as it was given to [`State::of`]; none if the state holds something else.
    pub fn get<T: for<'de> Deserialize<'de>>(&self) -> Option<T> {
        T::deserialize(&self.value).ok()
    }
}
