-- For deleting those that are over.

CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
