"""What a record says of the record that it came from."""
