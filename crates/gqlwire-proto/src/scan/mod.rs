//! The document scanner.
