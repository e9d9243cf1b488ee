-- SPDX-License-Identifier: ISC
-- name: mail.count
-- Counts a mail to a recipient. Returns no row when the recipient is above the
-- limit. All attempts of one job count once. $1 recipient, $2 job, $3 number of
-- mails, $4 in this number of seconds (the generic cell rate algorithm).
INSERT INTO mail_recipients AS r (recipient, jobs, full_at)
VALUES ($1, ARRAY[$2::uuid],
        now() + $4::integer * interval '1 second' / $3::integer)
ON CONFLICT (recipient) DO UPDATE
   SET jobs = CASE WHEN $2 = ANY (r.jobs) THEN r.jobs
           ELSE (r.jobs || $2::uuid)[greatest(1, cardinality(r.jobs) - 98):]
           END,
       full_at = CASE WHEN $2 = ANY (r.jobs) THEN r.full_at
           ELSE greatest(r.full_at, now())
               + $4::integer * interval '1 second' / $3::integer END
 WHERE $2 = ANY (r.jobs)
    OR greatest(r.full_at, now())
           + $4::integer * interval '1 second' / $3::integer
       <= now() + $4::integer * interval '1 second'

-- name: mail.purge_recipients
-- Deletes up to $1 recipients whose whole limit is free again.
DELETE FROM mail_recipients
 WHERE recipient = ANY (ARRAY(
	SELECT recipient
	  FROM mail_recipients
	 WHERE full_at < now()
	 LIMIT $1
 ))
