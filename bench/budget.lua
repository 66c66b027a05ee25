-- The cost of a unit of each scenario of bench/budget; `make budget` writes
--this file.
return {
  compiler = "12.2.0",
  lua = "5.4.4",
  processor = "x86_64",
  counts = {
    ["chunks() a chunk, bytes"] = 470,
    ["chunks() a chunk, instructions"] = 5163,
    ["finish() a chunk, bytes"] = 18,
    ["finish() a chunk, instructions"] = 1721,
    ["paced event, bytes"] = 14,
    ["paced event, instructions"] = 14309,
    ["raw a chunk, bytes"] = 1791,
    ["raw a chunk, instructions"] = 26999,
    ["require, bytes"] = 165079,
    ["require, instructions"] = 6093011,
    ["task query, bytes"] = 4909,
    ["task query, instructions"] = 220131,
    ["text() a chunk, bytes"] = 12,
    ["text() a chunk, instructions"] = 2229,
    ["update() idle, bytes"] = 0,
    ["update() idle, instructions"] = 1939,
    ["upload a MiB, bytes"] = 32,
    ["upload a MiB, instructions"] = 93469,
  },
}
