//! The ways by which the sessions of a run can reach a lab.

crate::model::words! {
    /// The server to which sessions go that are for none in particular.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Endpoint {
        /// PgBouncer in transaction mode, before PostgreSQL's primary.
        Pooled = "pooled",
    }
}
