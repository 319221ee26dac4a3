//! How the API is written once.
//!
//! `api!` turns one table of methods into four things: a trait that can be used as `dyn`, its implementation by
//! the client, its registration with the server, and its entries for `rpc.discover`. A method that is missing in
//! one of them is therefore impossible. In the table, parameters in brackets are optional, as in a usage text:
//!
//! ```text
//! state_account(address: AddressText, [height: Height]) -> AccountInfo;
//! ```

use schemars::{Schema, SchemaGenerator};

use crate::types::Described;

/// Who may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody who reaches the port.
    Public,
    /// Whoever holds the cookie of the node's data directory.
    Cookie,
}

/// How a method answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Once.
    Call,
    /// Again and again over a WebSocket, until the named method is called with the subscription's id.
    Stream {
        /// The method that ends the subscription.
        unsubscribe: &'static str,
    },
}

/// A parameter of a method.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name in an object of parameters.
    pub name: &'static str,
    /// False if it may be left out (or be null).
    pub required: bool,
    /// Its schema.
    pub schema: SchemaOf,
}

/// One method of the API, as data.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// The name on the wire.
    pub name: &'static str,
    /// What it does, in plain sentences.
    pub doc: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Once, or a stream.
    pub kind: Kind,
    /// The parameters in the order of a list of parameters.
    pub params: &'static [Param],
    /// The schema of the answer, or of an item of the stream.
    pub result: SchemaOf,
}

/// Writes the schema of one type into a generator's definitions.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The [`SchemaOf`] of `T`.
pub(crate) fn schema_of<T: Described>(generator: &mut SchemaGenerator) -> Schema {
    T::describe(generator)
}

/// See the module. The two parts of a table: `calls` answer once, `streams` name the method that ends them.
macro_rules! api {
    (
        $(#[$about:meta])*
        trait $api:ident, access $access:ident, table $table:ident, registered by $register:ident;
        calls { $(
            $(#[doc = $doc:literal])*
            $call:ident(
                $($arg:ident: $arg_type:ty),* $(,)? $([$($option:ident: $option_type:ty),*])?
            ) -> $result:ty;
        )* }
        streams { $(
            $(#[doc = $stream_doc:literal])*
            $stream:ident($($stream_arg:ident: $stream_arg_type:ty),*), ended by $unsubscribe:ident -> $item:ty;
        )* }
    ) => {
        $(#[$about])*
        #[async_trait::async_trait]
        pub trait $api: Send + Sync + 'static {
            $(
                $(#[doc = $doc])*
                async fn $call(
                    &self, $($arg: $arg_type,)* $($($option: Option<$option_type>,)*)?
                ) -> Result<$result, ApiError>;
            )*
            $(
                $(#[doc = $stream_doc])*
                async fn $stream(&self, $($stream_arg: $stream_arg_type,)*) -> Result<ApiStream<$item>, ApiError>;
            )*
        }

        #[doc = concat!("The methods of [`", stringify!($api), "`], as data.")]
        pub static $table: &[Method] = &[
            $(Method {
                name: stringify!($call),
                doc: concat!($($doc, "\n",)*),
                access: Access::$access,
                kind: Kind::Call,
                params: &[
                    $(Param { name: stringify!($arg), required: true, schema: schema_of::<$arg_type> },)*
                    $($(Param { name: stringify!($option), required: false, schema: schema_of::<$option_type> },)*)?
                ],
                result: schema_of::<$result>,
            },)*
            $(Method {
                name: stringify!($stream),
                doc: concat!($($stream_doc, "\n",)*),
                access: Access::$access,
                kind: Kind::Stream { unsubscribe: stringify!($unsubscribe) },
                params: &[
                    $(Param { name: stringify!($stream_arg), required: true, schema: schema_of::<$stream_arg_type> },)*
                ],
                result: schema_of::<$item>,
            },)*
        ];

        #[cfg(feature = "client")]
        #[async_trait::async_trait]
        impl $api for crate::client::RpcClient {
            $(async fn $call(
                &self, $($arg: $arg_type,)* $($($option: Option<$option_type>,)*)?
            ) -> Result<$result, ApiError> {
                #[allow(unused_mut, reason = "some methods have no parameter")]
                let mut params = jsonrpsee::core::params::ArrayParams::new();
                $(crate::client::add(&mut params, &$arg)?;)*
                $($(crate::client::add(&mut params, &$option)?;)*)?
                self.call(stringify!($call), params).await
            })*
            $(async fn $stream(&self, $($stream_arg: $stream_arg_type,)*) -> Result<ApiStream<$item>, ApiError> {
                #[allow(unused_mut, reason = "some methods have no parameter")]
                let mut params = jsonrpsee::core::params::ArrayParams::new();
                $(crate::client::add(&mut params, &$stream_arg)?;)*
                self.stream(stringify!($stream), params, stringify!($unsubscribe)).await
            })*
        }

        /// Hands every method of the table to the server.
        #[cfg(feature = "server")]
        pub(crate) fn $register(
            module: &mut jsonrpsee::RpcModule<std::sync::Arc<dyn $api>>,
        ) -> Result<(), jsonrpsee::core::RegisterMethodError> {
            $({
                #[derive(serde::Deserialize)]
                #[serde(deny_unknown_fields, expecting = "the parameters of this method")]
                struct Given { $($arg: $arg_type,)* $($(#[serde(default)] $option: Option<$option_type>,)*)? }

                module.register_async_method(stringify!($call), |params, api, extensions| async move {
                    crate::server::permit(Access::$access, &extensions)?;
                    let Given { $($arg,)* $($($option,)*)? } = crate::server::read(&params)?;
                    api.$call($($arg,)* $($($option,)*)?).await
                })?;
            })*
            $({
                #[derive(serde::Deserialize)]
                #[serde(deny_unknown_fields, expecting = "the parameters of this method")]
                struct Given { $($stream_arg: $stream_arg_type,)* }

                module.register_subscription(
                    stringify!($stream), stringify!($stream), stringify!($unsubscribe),
                    |params, pending, api, extensions| async move {
                        let opened = async {
                            crate::server::permit(Access::$access, &extensions)?;
                            let Given { $($stream_arg,)* } = crate::server::read(&params)?;
                            api.$stream($($stream_arg,)*).await
                        };
                        crate::server::pump(pending, opened.await).await
                    },
                )?;
            })*
            Ok(())
        }
    };
}
pub(crate) use api;
