-- Stands for the migration of another branch.
SELECT 1;
