-- What the KPIs of a day are. Revenue is exact: prices have six decimals, and products and sums keep them all. What is
-- divided and rounded is in kpis.py: a quotient in SQL would be a floating-point number.
--
-- Given: the variable part_files, the Parquet files of the day's parts, those of the oldest file version first.

-- Every row that some file has of the day. The greater its part, the newer is the file version it comes from.
CREATE OR REPLACE TEMP VIEW parts AS
SELECT file_index AS part, *
FROM read_parquet(getvariable('part_files'), hive_partitioning = false);

-- The orders that stand in several files. An order is its day and its id; no file has one twice.
CREATE OR REPLACE TEMP TABLE contested AS
SELECT order_date, order_id, max(part) AS newest_part
FROM parts
WHERE len(getvariable('part_files')) > 1
GROUP BY order_date, order_id
HAVING count(*) > 1;

-- The rows that do not count, because a newer file has the order too.
CREATE OR REPLACE TEMP VIEW superseded AS
SELECT parts.*
FROM parts
SEMI JOIN contested
    ON contested.order_date = parts.order_date
    AND contested.order_id = parts.order_id
    AND contested.newest_part > parts.part;

-- The orders of the day: each once, as the newest file has it. (Most days have nothing contested, and no need to look.)
SET VARIABLE contested_orders = (SELECT count(*) FROM contested);

CREATE OR REPLACE TEMP VIEW orders AS
SELECT parts.*
FROM parts
WHERE getvariable('contested_orders') = 0
UNION ALL
SELECT parts.*
FROM parts
ANTI JOIN contested
    ON contested.order_date = parts.order_date
    AND contested.order_id = parts.order_id
    AND contested.newest_part > parts.part
WHERE getvariable('contested_orders') > 0;

-- What is added up, for each category. The day's totals are the sums of these.
CREATE OR REPLACE TEMP VIEW categories AS
SELECT
    category,
    count(*) AS orders,
    count(*) FILTER (returned) AS returned,
    sum(quantity) AS items,
    -- As wide as this, or DuckDB would compute in 18 digits.
    sum(CAST(unit_price AS DECIMAL(28, 6)) * CAST(quantity AS DECIMAL(9, 0))) AS revenue
FROM orders
GROUP BY category
ORDER BY category;

-- How many customers ordered, counted exactly.
CREATE OR REPLACE TEMP VIEW customers AS
SELECT count(*) AS customers
FROM (SELECT DISTINCT customer_id FROM orders);
