-- SPDX-License-Identifier: ISC
-- name: mail.count
-- Counts a mail to a recipient. Returns no row when the recipient is above the
-- limit: so many mails in so many seconds (the generic cell rate algorithm). All
-- attempts of one job count once.
INSERT INTO mail_recipients AS r (recipient, jobs, full_at)
VALUES (:recipient, ARRAY[:job_id::uuid],
        now() + :seconds::integer * interval '1 second' / :most::integer)
ON CONFLICT (recipient) DO UPDATE
   SET jobs = CASE WHEN :job_id = ANY (r.jobs) THEN r.jobs
           ELSE (r.jobs || :job_id::uuid)[greatest(1, cardinality(r.jobs) - 98):]
           END,
       full_at = CASE WHEN :job_id = ANY (r.jobs) THEN r.full_at
           ELSE greatest(r.full_at, now())
               + :seconds::integer * interval '1 second' / :most::integer END
 WHERE :job_id = ANY (r.jobs)
    OR greatest(r.full_at, now())
           + :seconds::integer * interval '1 second' / :most::integer
       <= now() + :seconds::integer * interval '1 second'

-- name: mail.purge_recipients
-- Deletes recipients whose whole limit is free again.
DELETE FROM mail_recipients
 WHERE recipient = ANY (ARRAY(
	SELECT recipient
	  FROM mail_recipients
	 WHERE full_at < now()
	 LIMIT :limit
 ))
