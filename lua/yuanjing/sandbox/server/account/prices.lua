--- Prices of the sandbox. They are made up; only their shape is the platform's.
local json = require "yuanjing.sandbox.server.json"

local prices = {}

-- By the beginning of a model's name: what one unit costs.
local TABLE = {
  { "^wan2%.2%-t2i%-flash", "call", 0.14 },
  { "^wan.*t2i", "call", 0.2 },
  { "^cogview", "call", 0.1 },
  { "^viduq3", "second", 0.5 },
  { "^wan2%.6", "second", 0.6 },
  { "^happyhorse", "second", 0.7 },
  { "seedance", "second", 1 },
  { "^qwen", "1k_tokens", 0.012 },
  { "^deepseek", "1k_tokens", 0.008 },
}

local WORDS = { call = "元/次", second = "元/秒", ["1k_tokens"] = "元/千tokens" }

local function row_of(model)
  for _, row in ipairs(TABLE) do
    if model:find(row[1]) then return row end
  end
end

local SECONDS = 5 -- of a video that says nothing else

--- What a call costs.
---@param model string
---@param kind string
---@param fields table
---@param usage? table
---@return number
function prices.of_call(model, kind, fields, usage)
  local row = row_of(model)
  if not row then return 0 end
  if row[2] == "1k_tokens" then
    return row[3] * (usage and usage.total_tokens or 0) / 1000
  end
  if row[2] == "second" and kind == "video" then
    return row[3] * (tonumber(fields.duration) or SECONDS)
  end
  return row[3]
end

--- The platform's document on a model's price; nil: it has none.
---@param model string
---@return table?
function prices.document(model)
  local row = row_of(model)
  if not row then return nil end
  local text = ("%s%s"):format(row[3], WORDS[row[2]])
  return json.record("ppid", "pp-" .. ngx.md5(model):sub(1, 8), "name", model,
    "pricing_type", row[2], "display_text", text,
    "items", { json.record("name", row[2], "unit", row[2], "price", row[3],
      "display_text", text) })
end

return prices
