--- The models in each category with their fields, from the platform's
-- documents. Separate from the client's catalog, so that a mistake in one
-- shows up against the other.
--
-- A field is written  name [kind] [!] [=choices], where the kind is
--   (none) text   # integer   @ a file   @@ files, one or more
-- `!` makes it required; choices are a,b,c or, for integers, 1..16. Texts that
-- every model has, prompt among them, are not repeated.
local offers = {}

local PLAIN_RATIO = "ratio=16:9,4:3,1:1,3:4,9:16"
local RATIO = PLAIN_RATIO .. ",adaptive" -- the default is always allowed
local WIDE_RATIO = "radio=16:9,keep_ratio,4:3,1:1,3:4,9:16,9:21,21:9,adaptive"
local P1080 = "resolution=480p,720p,1080p"
local SIZE = "size=832*480,480*832,624*624,1280*720,720*1280,960*960," ..
  "1920*1080,1080*1920,1440*1440"
local MORE_SIZES = ",1088*832,832*1088,1632*1248,1248*1632"
local VIDU = "off_peak=Y,N duration#=1..16 ratio=16:9,9:16,4:3,3:4,1:1 " ..
  "resolution=540p,720p,1080p"
local FRAMES = " image_file1@! image_file2@!"
local REFERENCES = " image_files@@! video_files@@ audio_files@@"

local SEEDANCE_2 = "doubao-seedance-2-0-260128 dreamina-seedance-2-0-260128"
local SEEDANCE_1_5 = "doubao-seedance-1-5-pro-251215"

-- category, models, fields
local V1 = {
  { "t2i", "wan2.2-t2i-plus wan2.5-t2i-preview wan2.2-t2i-flash " ..
    "cogview-3-flash", "negative_prompt" },
  { "t2v", "happyhorse-1.0-t2v",
    "resolution=720P,1080P duration# " .. RATIO },
  { "t2v", SEEDANCE_2 .. " doubao-seedance-2-0-fast-260128 " .. SEEDANCE_1_5,
    P1080 .. " duration# " .. RATIO },
  { "t2v", "wan2.6-t2v", "negative_prompt duration#=5,10,15 " .. SIZE },
  { "t2v", "viduq3-pro", VIDU },
  { "i2v", "happyhorse-1.0-i2v",
    "image_file@! resolution=720P,1080P duration#" },
  { "i2v", SEEDANCE_2, "image1_file@! image2_file@! " .. P1080 ..
    " duration# " .. RATIO },
  { "i2v", "wan2.6-r2v", "negative_prompt size duration#=5,10,15" .. FRAMES },
  { "i2v", "viduq3-pro", VIDU .. FRAMES },
  { "i2v", SEEDANCE_1_5, P1080 .. " duration# " .. RATIO ..
    " image_file1@ image_file2@" },
  { "ref2v", "happyhorse-1.0-r2v",
    "image_files@@!=9 resolution=720P,1080P duration# " .. PLAIN_RATIO },
  { "ref2v", SEEDANCE_2,
    P1080 .. " duration# " .. PLAIN_RATIO .. REFERENCES },
}

-- category, model, fields, llmid
local LEGACY = {
  { "t2v", SEEDANCE_1_5, P1080 .. " duration# " .. WIDE_RATIO,
    "CrEMkFQfRCmbmopZsCqLj" },
  { "t2v", "wan2.6-t2v",
    "negative_prompt duration#=5,10,15 " .. SIZE .. MORE_SIZES,
    "u9HZyfDoqU6uKI6M1BTks" },
  { "t2v", "viduq3-pro", VIDU, "r0ill7L0s6PtBS8mkmg-7" },
  { "t2v", "seedance2.0", "", "YjjGgxO_Xma8PWsMjJvps", closed = true },
  { "i2v", SEEDANCE_1_5,
    P1080 .. " duration# image_file1@ image_file2@ " .. WIDE_RATIO,
    "7RTOJD6K8A7RXCMG4GnQ9" },
  { "i2v", "viduq3-pro", "model=viduq2-turbo,viduq3-pro " .. VIDU .. FRAMES,
    "FK_h7FLYnosv2TkMN4ATC" },
  { "i2v", "wan2.6-r2v",
    "negative_prompt duration#=5,10,15 " .. SIZE .. MORE_SIZES .. FRAMES,
    "x4HksKp9mXR1Yv60mw6Py" },
  { "ref2v", SEEDANCE_1_5, P1080 .. " duration# " ..
    "radio=16:9,4:3,1:1,3:4,9:16,9:21,21:9 " ..
    "image_file1@! image_file2@ image_file3@", "VooAIOtJdawpZjusWEzrh" },
}

---@class yuanjing.sandbox.Rule
---@field name string
---@field kind "text"|"integer"|"file"|"files"
---@field required boolean
---@field choices? string the allowed values, as they are written above

---@class yuanjing.sandbox.Offer
---@field model string
---@field category string
---@field rules yuanjing.sandbox.Rule[]
---@field llmid? string
---@field closed? boolean listed but not to be had

local KINDS = { [""] = "text", ["#"] = "integer", ["@"] = "file",
  ["@@"] = "files" }

local function read_rules(text)
  local rules = {}
  for word in text:gmatch("%S+") do
    local name, kind, needed, choices =
      word:match("^([%w_]+)([#@]*)(!?)=?(.*)$")
    rules[#rules + 1] = { name = name, kind = KINDS[kind],
      required = needed == "!", choices = choices ~= "" and choices or nil }
  end
  return rules
end

local by_model, by_llmid = {}, {}

for _, row in ipairs(V1) do
  for model in row[2]:gmatch("%S+") do
    by_model[model] = by_model[model] or {}
    by_model[model][row[1]] = { model = model, category = row[1],
      rules = read_rules(row[3]) }
  end
end

for _, row in ipairs(LEGACY) do
  by_llmid[row[4]] = { model = row[2], category = row[1], llmid = row[4],
    rules = read_rules(row[3]), closed = row.closed }
end

--- The offer; or nil and what is wrong.
---@param model string
---@param category string
---@return yuanjing.sandbox.Offer?
---@return string?
function offers.find(model, category)
  local categories = by_model[model]
  if not categories then return nil, "Model not found: " .. model end
  local offer = categories[category]
  if offer then return offer end
  return nil, ("Model %s has no catelogid %s"):format(model, category)
end

--- The offer of the legacy API; or nil and what is wrong.
---@param llmid string
---@return yuanjing.sandbox.Offer?
---@return string?
function offers.find_legacy(llmid)
  local offer = by_llmid[llmid]
  if not offer then return nil, "Model not found: " .. llmid end
  if offer.closed then return nil, "Model not available: " .. llmid end
  return offer
end

--- An offer that checks nothing.
---@return yuanjing.sandbox.Offer
function offers.any(model, category)
  return { model = model, category = category, rules = {} }
end

return offers
