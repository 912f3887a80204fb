"""What a user of the library calls: each use case is one function that reads as the business says it."""
