-- What the KPIs of a day are. Revenue is exact: prices have six decimals, and products and sums keep them all. What is
-- divided and rounded is in kpis.py: a quotient in SQL would be a floating-point number.
--
-- Given, for each day: the variable part_files, the Parquet files of the day's parts, those of the oldest file version
-- first; then the table contested, filled from orders_in_several_parts, and the variable contested_orders, their number.
-- They are looked for once a day, because it takes longer than all the rest.

-- Every row that some file has of the day. The greater its part, the newer is the file version it comes from.
CREATE TEMP VIEW parts AS
SELECT file_index AS part, *
FROM read_parquet(getvariable('part_files'), hive_partitioning = false);

-- An order is its day and its id; no file has one twice.
CREATE TEMP VIEW orders_in_several_parts AS
SELECT order_date, order_id, max(part) AS newest_part
FROM parts
GROUP BY order_date, order_id
HAVING count(*) > 1;

CREATE TEMP TABLE contested AS
FROM orders_in_several_parts
LIMIT 0;

-- The rows that do not count, because a newer file has the order too.
CREATE TEMP VIEW superseded AS
SELECT parts.*
FROM parts
SEMI JOIN contested
    ON contested.order_date = parts.order_date
    AND contested.order_id = parts.order_id
    AND contested.newest_part > parts.part;

-- The orders of the day: each once, as the newest file has it. (On most days nothing is contested.)
CREATE TEMP VIEW orders AS
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
CREATE TEMP VIEW categories AS
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
CREATE TEMP VIEW customers AS
SELECT count(*) AS customers
FROM (SELECT DISTINCT customer_id FROM orders);
