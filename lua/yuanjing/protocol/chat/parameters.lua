--- The fields of a chat that the vendors of the platform share, and the types that
-- they take, as rules of base/check. Any other field goes out untouched.
return {
  temperature = "number", top_p = "number", max_tokens = "number",
  seed = { "number", "string" }, stop = { "string", "table" },
  response_format = "table", tools = "table",
  tool_choice = { "string", "table" },
}
