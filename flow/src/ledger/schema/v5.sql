-- What the flow asks its feed for: digest of filter and start; null until it runs with a program that notes it.
ALTER TABLE flows ADD COLUMN selection BLOB;
