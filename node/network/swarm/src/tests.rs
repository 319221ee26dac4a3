//! Two and more swarms, and strangers that are none, over real sockets on the loopback interface.

mod connections;
mod exchange;
mod hostile;
mod proxy;
mod stranger;
mod world;
