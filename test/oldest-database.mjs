// The tests of the project `oldest` find the oldest PostgreSQL where others find the bundled one.
process.env.TEST_DATABASE_URL = process.env.TEST_OLDEST_DATABASE_URL;
