--- Real-person assets: verify a person, then upload pictures and videos of them
-- (PLATFORM.md section 7). `client.assets`.
local asset_of = require "yuanjing.asset"
local errors = require "yuanjing.errors"
local media = require "yuanjing.media"
local suggest = require "yuanjing.params.suggest"
local types = require "yuanjing.media.types"
local verification = require "yuanjing.verification"
local wire = require "yuanjing.api.assets"

local assets = {}

---@class yuanjing.Assets
---@field private _settings table
local Assets = { __name = "yuanjing.Assets" }
local methods = {}
Assets.__index = methods

-- Checks -------------------------------------------------------------------

local function check_table(name, value)
  if type(value) ~= "table" then
    error(("%s: expected table, got %s"):format(name, type(value)), 3)
  end
end

local function refused(call, problems)
  return nil, errors.new { kind = "invalid_request", attempts = 0,
    call = "client.assets:" .. call, problems = problems,
    message = table.concat(problems, "; ") }
end

local function add(problems, format, ...)
  problems[#problems + 1] = format:format(...)
end

local function unknown_name(name, known)
  local nearest = suggest(tostring(name), known)
  return ("%s: unknown parameter%s"):format(tostring(name),
    nearest and (", did you mean %q?"):format(nearest) or "")
end

-- What goes out: the strings that were given and whatever is in `extra`. What is
-- wrong with them goes into `problems`.
local function read_strings(given, names, problems)
  local fields = {}
  for name, value in pairs(given.extra or {}) do fields[name] = value end
  for _, name in ipairs(names) do
    local value = given[name]
    if value ~= nil and (type(value) ~= "string" or value == "") then
      add(problems, "%s: expected a text, got %s", name,
        value == "" and "an empty one" or type(value))
    end
    fields[name] = value
  end
  return fields
end

local function check_names(given, known, problems)
  local listed = { extra = true }
  for _, name in ipairs(known) do listed[name] = true end
  for name in pairs(given) do
    if not listed[name] then problems[#problems + 1] = unknown_name(name, known) end
  end
  if type(given.extra or {}) ~= "table" then
    add(problems, "extra: expected table, got %s", type(given.extra))
  end
  table.sort(problems)
end

local function require_name(given, name, problems)
  if given[name] == nil then add(problems, "%s: missing", name) end
end

-- Media --------------------------------------------------------------------

-- The platform's word for what a type is; others are its own affair.
local ASSET_TYPES = { image = "Image", video = "Video", audio = "Audio" }

local function family_of(mime)
  return ASSET_TYPES[(mime or ""):match("^%a+")]
end

-- As the platform reads it: one type, and base64 as the RFC has it.
local function check_data_uri(uri)
  local head, body = uri:match("^[dD][aA][tT][aA]:([^,]*),(.*)$")
  if not head then return nil, "a data URI without data" end
  local mime = head:match("^(%a+/[%w.+-]+)")
  if not family_of(mime and mime:lower()) then
    return nil, "a data URI of no image, video or audio type"
  end
  if not head:lower():find(";base64$") then
    return nil, "a data URI that is not in base64"
  end
  body = body:gsub("%s+", "")
  if #body % 4 ~= 0 or #body == 0 or not body:find("^[A-Za-z0-9+/]+=?=?$") then
    return nil, "a data URI whose base64 is broken"
  end
  return "data:" .. head .. "," .. body, mime:lower()
end

-- The type stands in the data URI: it must be one.
local function check_family(given, medium, problems)
  if family_of(medium.type) or given.asset_type then return end
  add(problems, "file: neither image nor video, as far as its content and its "
    .. "name tell; give yuanjing.file(path, { type = })")
end

local function type_in_url(url)
  local path = url:match("^%a+://[^/?#]+([^?#]*)") or ""
  return types.of_name(path)
end

-- What is uploaded: `fields.source_url`, or a medium whose bytes go there; and
-- its type, if known.
local function read_source(given, fields, problems)
  local name = given.file ~= nil and "file" or "source_url"
  if given.file ~= nil and given.source_url ~= nil then
    return add(problems, "file, source_url: give one of them")
  end
  if given[name] == nil then return add(problems, "file: missing") end
  local medium, problem = media.read(given[name])
  if medium and medium.kind == "data_uri" then
    fields.source_url, problem = check_data_uri(medium.url)
    if fields.source_url then return nil, problem end
  elseif medium and medium.kind == "url" then
    fields.source_url = medium.url
    return nil, type_in_url(medium.url)
  elseif medium and name == "file" then
    check_family(given, medium, problems)
    return medium, medium.type
  end
  add(problems, "%s: %s", name, problem
    or "expected a URL or a data URI (a file is given as `file`)")
end

-- The platform takes any word; of those we know it must be the right one.
local function settle_type(fields, mime, problems)
  local found, given = family_of(mime), fields.asset_type
  if type(given) ~= "string" then
    fields.asset_type = given or found
    return
  end
  given = ASSET_TYPES[given:lower()] or given
  fields.asset_type = given
  if found and given ~= found and ASSET_TYPES[given:lower()]
    and not (given == "Audio" and found == "Video") then
    add(problems, "asset_type: %s, but what is given is %s", given, mime)
  end
end

-- Calls --------------------------------------------------------------------

local VERIFY = { "vendor", "project_name", "name" }

--- Begins the verification of a person, who opens `h5_link` on a phone within
--- 120 seconds; then session:await_group() has the group to upload to. It is
--- sent at most once. Error kinds: those of chat; code vendor_not_configured or
--- vendor_disabled. Source: seeds/000, part two, "获取真人认证链接".
---@param params { vendor: string, project_name?: string, name?: string, extra?: table }
---@return yuanjing.Verification?
---@return yuanjing.Error? err
---@nodiscard
function methods:verify(params)
  check_table("client.assets:verify", params)
  local problems = {}
  check_names(params, VERIFY, problems)
  require_name(params, "vendor", problems)
  local fields = #problems == 0 and read_strings(params, VERIFY, problems)
  if #problems > 0 then return refused("verify", problems) end
  return verification.begin(self._settings, fields)
end

--- The groups one can upload to, one for each verified person. Error kinds:
--- auth, server, transport, timeout, decode, platform.
--- Source: seeds/000, part two, "查询已认证的组合列表".
---@return yuanjing.Group[]?
---@return yuanjing.Error? err
---@nodiscard
function methods:groups()
  return wire.groups(self._settings)
end

---@class (exact) yuanjing.AssetParams
---@field vendor_group_id string of a group
---@field file? string|yuanjing.File|yuanjing.Bytes a path, a yuanjing.file, yuanjing.bytes
---@field source_url? string instead of file: a URL, or a data URI in base64
---@field asset_type? string Image, Video; default: by the file
---@field name? string
---@field extra? table goes out unchecked

local UPLOAD = { "vendor_group_id", "file", "source_url", "asset_type", "name" }
local UPLOAD_TEXTS = { "vendor_group_id", "asset_type", "name" }

--- Uploads a picture or a video: an asset, which is Processing; await it. A file
--- of any size goes out in constant memory; it is sent at most once. What is
--- wrong is found before anything is sent, all in one error. Error kinds: those
--- of chat; not_found with the code group_not_found, platform with the code
--- verification_incomplete, and with the status 413 for what is too large.
--- Source: seeds/000, part two, "上传素材".
---@param params yuanjing.AssetParams
---@return yuanjing.Asset?
---@return yuanjing.Error? err
---@nodiscard
function methods:upload(params)
  check_table("client.assets:upload", params)
  local problems = {}
  check_names(params, UPLOAD, problems)
  require_name(params, "vendor_group_id", problems)
  local fields = read_strings(params, UPLOAD_TEXTS, problems)
  local medium, mime = read_source(params, fields, problems)
  settle_type(fields, mime, problems)
  if #problems > 0 then return refused("upload", problems) end
  local asked = os.time()
  local answer, err = wire.upload(self._settings, fields, medium)
  if not answer then return nil, err end
  return asset_of.new(self._settings, answer, { name = params.name,
    asset_type = fields.asset_type,
    vendor_group_id = params.vendor_group_id }, asked)
end

local function check_id(call, name, value)
  if type(value) ~= "string" or value == "" then
    error(("client.assets:%s: %s: expected an id, got %s")
      :format(call, name, value == "" and "an empty text" or type(value)), 3)
  end
end

--- An asset by its id, as it stands now. Error kinds as for asset:refresh();
--- one that has failed is in err.asset.
---@param id string
---@return yuanjing.Asset?
---@return yuanjing.Error? err
---@nodiscard
function methods:get(id)
  check_id("get", "id", id)
  return asset_of.new(self._settings, {}, { id = id }, os.time()):refresh()
end

--- All assets of a group, those that failed too, and how many the platform
--- counts. Error kinds: those of groups; not_found (code group_not_found).
--- Source: seeds/000, part two, "查询组合下所有素材".
---@param params { vendor_group_id: string }
---@return yuanjing.Asset[]?
---@return integer|yuanjing.Error|nil total_or_err
---@nodiscard
function methods:list(params)
  check_table("client.assets:list", params)
  for name in pairs(params) do
    if name ~= "vendor_group_id" then
      error("client.assets:list: " .. unknown_name(name, { "vendor_group_id" }),
        2)
    end
  end
  check_id("list", "vendor_group_id", params.vendor_group_id)
  local asked = os.time()
  local found, err = wire.list(self._settings, params.vendor_group_id)
  if not found then return nil, err end
  local list = {}
  for n, fields in ipairs(found) do
    list[n] = asset_of.new(self._settings, fields,
      { vendor_group_id = params.vendor_group_id }, asked)
  end
  return list, found.total
end

--- The assets of a client.
---@return yuanjing.Assets
function assets.new(settings)
  return setmetatable({ _settings = settings }, Assets)
end

return assets
