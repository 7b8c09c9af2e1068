"""The record's own pictures, measured: documents, embedded images, digitised figures, and what follows from them."""
