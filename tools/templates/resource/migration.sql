-- {{ r.Many }}{{ ", each with the user who owns it" if r.owner else "" }}.

CREATE TABLE {{ r.many }} (
	{{ r.tab("id") }}uuid PRIMARY KEY,
% if r.owner
	{{ r.tab("owner_id") }}uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
% end
% for field in r.fields
	{{ r.tab(field.column) }}{{ field.type }},
% end
	{{ r.tab("version") }}bigint NOT NULL DEFAULT 1,
	{{ r.tab("created_at") }}timestamptz NOT NULL DEFAULT now(),
	{{ r.tab("updated_at") }}timestamptz NOT NULL DEFAULT now(),
	CHECK (keel_is_time(created_at)),
	CHECK (keel_is_time(updated_at)){{ "," if r.checks else "" }}
% for field in r.checks
	{{ field.check }}{{ "" if field is r.checks[-1] else "," }}
% end
);

-- Lists, and the rows that go with a row that they refer to.
% if r.private
CREATE INDEX ix_{{ r.many }}_created_at ON {{ r.many }} (owner_id, created_at, id);
% else
CREATE INDEX ix_{{ r.many }}_created_at ON {{ r.many }} (created_at, id);
% end
% for column in r.filters
CREATE INDEX ix_{{ r.many }}_{{ column }} ON {{ r.many }} ({{ column }}, created_at, id);
% end

CREATE TRIGGER {{ r.many }}_touch BEFORE UPDATE ON {{ r.many }}
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
	EXECUTE FUNCTION keel_touch();
