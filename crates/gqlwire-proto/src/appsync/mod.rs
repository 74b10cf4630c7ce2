//! AWS AppSync: where an API lives, how it is authorised, and what its realtime endpoint says.
