--- GET /llmage/v1/models: the platform's list, where a model is repeated for
-- each of its categories.
local json = require "yuanjing.sandbox.server.json"
local play = require "yuanjing.sandbox.server.play"

local models = {}

-- The vendor, then for each category the vendor's models.
local VENDORS = {
  { "通义千问", t2t = "qwen3-max qwen3-max-thinking qwen-plus" },
  { "深度求索", t2t = "deepseek-v3 deepseek-r1" },
  { "阿里百炼",
    t2i = "wan2.2-t2i-plus wan2.5-t2i-preview wan2.2-t2i-flash" },
  { "智谱AI", t2i = "cogview-3-flash" },
  { "阿里云", t2v = "happyhorse-1.0-t2v", i2v = "happyhorse-1.0-i2v",
    ref2v = "happyhorse-1.0-r2v" },
  { "豆包",
    t2v = "doubao-seedance-2-0-260128 doubao-seedance-2-0-fast-260128 " ..
      "doubao-seedance-1-5-pro-251215",
    i2v = "doubao-seedance-2-0-260128 doubao-seedance-1-5-pro-251215",
    ref2v = "doubao-seedance-2-0-260128" },
  { "We Token AI", t2v = "dreamina-seedance-2-0-260128",
    i2v = "dreamina-seedance-2-0-260128",
    ref2v = "dreamina-seedance-2-0-260128" },
  { "通义万象", t2v = "wan2.6-t2v", i2v = "wan2.6-r2v" },
  { "vidu", t2v = "viduq3-pro", i2v = "viduq3-pro" },
}

local CATEGORIES = { "t2t", "t2i", "t2v", "i2v", "ref2v" }
local CREATED = 1775011902

-- Every third `created` is a float: the platform sends floats at times.
local function entry(id, vendor, category, number)
  local created = CREATED + number * 3600
  if number % 3 == 0 then created = created + 0.25 end
  return json.record("id", id, "object", "model", "created", created,
    "owned_by", vendor, "catelogid", category)
end

local function collect()
  local list = {}
  for _, category in ipairs(CATEGORIES) do
    for _, vendor in ipairs(VENDORS) do
      for id in (vendor[category] or ""):gmatch("%S+") do
        list[#list + 1] = entry(id, vendor[1], category, #list + 1)
      end
    end
  end
  return list
end

local ALL = collect()

---@param seen yuanjing.sandbox.Seen
function models.list(seen)
  local wanted, data = seen.query.catelogid, {}
  for _, model in ipairs(ALL) do
    if not wanted or wanted == "" or model.catelogid == wanted then
      data[#data + 1] = model
    end
  end
  return play.json(200, json.record("object", "list", "data", data))
end

return models
