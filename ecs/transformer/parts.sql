-- Cuts a cleaned file into parts: one Parquet file a day, with the rows that the file has of that day.
--
-- Given: the variables cleaned (the file), folder (where the parts go), and those of the version it came from, which stand
-- in every row, so that a part explains itself: file_id, source_key, source_version, source_last_modified.
--
-- A cast is no rule: it takes 1e3 for a number, and rounds a price with seven decimals. So the value is written as text
-- again, and what does not come out as it went in is refused, although the validator has judged it before.

-- An ENUM of one value costs a byte a row, not the text; in Parquet it is text.
DROP TYPE IF EXISTS file_id;
DROP TYPE IF EXISTS source_key;
DROP TYPE IF EXISTS source_version;
DROP TYPE IF EXISTS source_last_modified;
CREATE TYPE file_id AS ENUM (SELECT getvariable('file_id'));
CREATE TYPE source_key AS ENUM (SELECT getvariable('source_key'));
CREATE TYPE source_version AS ENUM (SELECT getvariable('source_version'));
CREATE TYPE source_last_modified AS ENUM (SELECT getvariable('source_last_modified'));

CREATE OR REPLACE TEMP VIEW file_rows AS
SELECT
    order_id,
    customer_id,
    CASE
        WHEN CAST(CAST(order_date AS DATE) AS VARCHAR) = order_date THEN CAST(order_date AS DATE)
        ELSE error('not a date: ' || order_date)
    END AS order_date,
    category,
    product_id,
    CASE
        WHEN CAST(CAST(quantity AS BIGINT) AS VARCHAR) = quantity THEN CAST(quantity AS BIGINT)
        ELSE error('not a whole number: ' || quantity)
    END AS quantity,
    CASE
        -- 10.5 comes out as 10.500000
        WHEN starts_with(CAST(CAST(unit_price AS DECIMAL(18, 6)) AS VARCHAR), unit_price)
        THEN CAST(unit_price AS DECIMAL(18, 6))
        ELSE error('not a price of at most six decimals: ' || unit_price)
    END AS unit_price,
    CASE lower(returned)
        WHEN 'true' THEN true
        WHEN 'false' THEN false
        ELSE error('neither true nor false: ' || returned)
    END AS returned,
    CAST(getvariable('file_id') AS file_id) AS file_id,
    CAST(getvariable('source_key') AS source_key) AS source_key,
    CAST(getvariable('source_version') AS source_version) AS source_version,
    CAST(getvariable('source_last_modified') AS source_last_modified) AS source_last_modified
FROM read_csv(
    getvariable('cleaned'),
    auto_detect = false,
    header = false,
    skip = 1, -- the header, which has been checked: DuckDB would not look at its names
    columns = {
        'order_id': 'VARCHAR',
        'customer_id': 'VARCHAR',
        'order_date': 'VARCHAR',
        'category': 'VARCHAR',
        'product_id': 'VARCHAR',
        'quantity': 'VARCHAR',
        'unit_price': 'VARCHAR',
        'returned': 'VARCHAR'
    },
    force_not_null = [
        'order_id', 'customer_id', 'order_date', 'category', 'product_id', 'quantity', 'unit_price', 'returned'
    ],
    delim = ',',
    quote = '"',
    escape = '"',
    new_line = '\n',
    strict_mode = true,
    parallel = false, -- or a line break within quotes might be taken for the end of a row
    max_line_size = 4194304, -- a record has at most 1 MiB, and twice that when all of it are quotes
    buffer_size = 8388608
);

COPY file_rows TO (getvariable('folder')) (
    FORMAT parquet,
    COMPRESSION zstd,
    PARTITION_BY (order_date),
    WRITE_PARTITION_COLUMNS true,
    RETURN_STATS true
);
