-- SPDX-License-Identifier: ISC
-- name: {{ r.many }}.create
INSERT INTO {{ r.many }} ({{ ", ".join(r.written) }})
VALUES ({{ ", ".join(r.given) }})
RETURNING @{{ r.one }}

-- name: {{ r.many }}.find
SELECT @{{ r.one }}
  FROM {{ r.many }}
 WHERE id = :id
% if r.private
   AND owner_id = :owner_id
% end

-- name: {{ r.many }}.update
UPDATE {{ r.many }}
% for field in r.fields
   {{ "SET" if field is r.fields[0] else "   " }} {{ field.column }} = CASE WHEN :{{ field.column }}.set THEN :{{ field.column }} ELSE {{ field.column }} END{{ "" if field is r.fields[-1] else "," }}
% end
 WHERE id = :id
   AND version = coalesce(:version, version)
RETURNING @{{ r.one }}

-- name: {{ r.many }}.delete
DELETE FROM {{ r.many }}
 WHERE id = :id
   AND version = coalesce(:version, version)

-- list: {{ r.many }}.list by created_at{{ " for " if r.filters else "" }}{{ ", ".join(r.filters) }}
SELECT @{{ r.one }}
  FROM {{ r.many }}
% if r.private
 WHERE owner_id = :owner_id
% end
% if len(r.filters) > 1
% for column in r.filters
 {{ "WHERE" if not r.private and column == r.filters[0] else "  AND" }} CASE WHEN :{{ column }}::uuid IS NULL THEN true
       ELSE {{ column }} = :{{ column }} END
% end
% end
