//! `drawbridge request`, `done` and `approve` as a job runs them: the binary against a desk that answers as it
//! is told, for everything that a well-behaved server never does. The stories with the real server are in
//! `e2e/services`.

mod desk;

mod asking;
mod commands;
mod waiting;
