--- Real-person assets: verify a person, then upload pictures and videos of
-- them (docs/platform.md#real-person-assets). `client.assets`.
local ascii = require "yuanjing.base.ascii"
local asset_of = require "yuanjing.asset.asset"
local core = require "yuanjing.core"
local dry_run = require "yuanjing.spending.dry_run"
local errors = require "yuanjing.errors"
local media = require "yuanjing.base.media"
local suggest = require "yuanjing.base.suggest"
local types = require "yuanjing.base.media.types"
local url_of = require "yuanjing.base.url"
local verification = require "yuanjing.asset.verification"
local protocol = require "yuanjing.protocol.assets"

local assets = {}

---@class yuanjing.Assets
---@field private _settings table
local methods = {}
local Assets = { __name = "yuanjing.Assets" }
Assets.__index = methods

-- Checks -------------------------------------------------------------------

-- Reads the parameters of one call: collects what to send in `fields`, and
-- everything that is wrong in `problems`.
---@class yuanjing.AssetCheck
local Check = {}
Check.__index = Check

-- Notes what can not be sent at all.
function Check:fault(format, ...)
  self.problems[#self.problems + 1] = format:format(...)
end

-- Notes what the platform would refuse, as far as known.
function Check:doubt(format, ...)
  if self.validate then self:fault(format, ...) end
end

function Check:put(name, value)
  if type(name) ~= "string" or name == "" then
    return self:fault("%s: a parameter needs a name", tostring(name))
  end
  self.fields[name] = value
end

function Check:read_text(name, value)
  if type(value) ~= "string" then
    self:doubt("%s: expected a text, got %s", name, type(value))
  elseif value == "" then
    self:doubt("%s: expected a text, got an empty one", name)
  elseif core.utf8_error(value) then
    self:fault("%s: the text is not UTF-8", name)
  end
  self:put(name, value)
end

function Check:read_unknown(name, value)
  if type(name) == "string" then
    local nearest = suggest(name, self.names)
    self:doubt("%s: unknown parameter%s", name,
      nearest and (", did you mean %q?"):format(nearest) or "")
  end
  self:put(name, value)
end

function Check:read_extra(extra)
  if type(extra) ~= "table" then
    return self:fault("extra: expected table, got %s", type(extra))
  end
  for name, value in pairs(extra) do
    local place = media.place_in(value, "extra." .. tostring(name))
    if place then
      self:fault("%s: a file goes out as `file`", place)
    elseif self.given[name] ~= nil then
      self:fault("extra.%s: the same field goes out without it", tostring(name))
    else
      self:put(name, value)
    end
  end
end

-- Parameters that are not sent as plain texts.
local SPECIAL = { file = true, source_url = true, extra = true }

function Check:read(required)
  local known = {}
  for _, name in ipairs(self.names) do known[name] = not SPECIAL[name] end
  for name, value in pairs(self.given) do
    if known[name] then
      self:read_text(name, value)
    elseif known[name] == nil then
      self:read_unknown(name, value)
    end
  end
  if self.given.extra ~= nil then self:read_extra(self.given.extra) end
  table.sort(self.problems, ascii.less)
  if self.fields[required] == nil then self:doubt("%s: missing", required) end
end

local function check_table(call, value)
  if type(value) ~= "table" then
    error(("client.assets:%s: expected table, got %s"):format(call,
      type(value)), 3)
  end
end

-- Reads the parameters of a call. The first name is the required one.
local function new_check(settings, names, given)
  local self = setmetatable({ names = names, given = given, fields = {},
    problems = {}, validate = settings.validate }, Check)
  self:read(names[1])
  return self
end

-- Nil and the error if the call must not be sent; nothing if it may.
local function refusal(call, check)
  if #check.problems == 0 then return nil end
  return errors.new { kind = "invalid_request", attempts = 0,
    call = "client.assets:" .. call, problems = check.problems,
    message = table.concat(check.problems, "; ") }
end

-- The source of an upload
-- -----------------------------------------------------

---@class yuanjing.AssetSource
---@field name? "file"|"source_url" what it was given as
---@field medium? yuanjing.Medium whose bytes go out as a data URI
---@field type? string "image/jpeg"
---@field is_guess? boolean the type is nothing but a URL's extension

-- The platform's rules for a data URI: one type, and base64 by the RFC.
local function data_uri_problem(medium, head, body)
  if not medium.type then
    return "a data URI without a type (data:image/jpeg;base64,...)"
  elseif not ascii.lower(head):find(";base64$") then
    return "a data URI that is not in base64"
  elseif #body % 4 ~= 0 or not body:find("^[A-Za-z0-9+/]+=?=?$") then
    return "a data URI whose base64 is broken"
  end
end

-- The first part of a data URI, with the type of its bytes.
local function labelled(medium, head)
  local found = media.type_of_data(medium)
  if not found or found == medium.type then return head end
  medium.type = found
  return head:gsub("^([^:]*):[^;]*", function(scheme)
    return scheme .. ":" .. found
  end)
end

-- Base64 files contain line ends, which the platform may not accept.
function Check:read_data_uri(name, medium)
  local head, body = medium.url:match("^([^,]*),(.*)$")
  if body:find("[ \t-\r]") then body = body:gsub("[ \t-\r]+", "") end
  if self.validate then head = labelled(medium, head) end
  local problem = data_uri_problem(medium, head, body)
  self.fields.source_url = problem and medium.url or head .. "," .. body
  if problem then return self:doubt("%s: %s", name, problem) end
  return { name = name, type = medium.type }
end

function Check:read_url(url)
  self:read_text("source_url", url)
  local parts = url_of.parse(url)
  return { type = types.of_name(parts and parts.path or ""), is_guess = true }
end

function Check:read_medium(name, given)
  local medium, problem = media.read(given)
  if not medium then return self:fault("%s: %s", name, problem) end
  if medium.kind == "data_uri" then return self:read_data_uri(name, medium) end
  if medium.kind == "url" then return self:read_url(medium.url) end
  if medium.kind == "asset" then
    return self:fault("%s: an asset is uploaded already", name)
  end
  return { name = name, medium = medium, type = medium.type }
end

-- A path is refused here: a mistyped URL must not open a file.
function Check:read_source_url(given)
  if type(given) == "string" and media.is_link(given) then
    return self:read_medium("source_url", given)
  end
  self:doubt("source_url: expected a URL or a data URI "
    .. "(a file is given as `file`)")
  self:put("source_url", given)
end

---@return yuanjing.AssetSource?
function Check:read_source()
  local file, url = self.given.file, self.given.source_url
  if file ~= nil and (url ~= nil or self.fields.source_url ~= nil) then
    return self:fault("file, source_url: give one of them")
  end
  if file ~= nil then return self:read_medium("file", file) end
  if url ~= nil then return self:read_source_url(url) end
  if self.fields.source_url == nil then self:doubt("file: missing") end
end

-- The platform's names of types; it decides about others.
local ASSET_TYPES = { image = "Image", video = "Video", audio = "Audio" }

local function asset_type_of(mime)
  return mime and ASSET_TYPES[mime:match("^[A-Za-z]+")]
end

-- An MP4 may contain only sound.
local function fits(wanted, found)
  return wanted == found or wanted == "Audio" and found == "Video"
end

-- NB: the type is part of the data URI, so it must be known, and must match
-- the declared one.
function Check:choose_type(source)
  local found, given = asset_type_of(source.type), self.given.asset_type
  if self.fields.asset_type == nil then
    self.fields.asset_type = found
    if found or source.is_guess then return end
    return self:doubt("%s: %s is neither image nor video%s", source.name,
      source.type, source.medium
      and " (yuanjing.file(path, { type = }) tells what it is)" or "")
  end
  local wanted = type(given) == "string" and ASSET_TYPES[ascii.lower(given)]
  if not wanted then return end
  self.fields.asset_type = wanted
  if not source.is_guess and not fits(wanted, found) then
    self:doubt("asset_type: %s, but what is given is %s", wanted, source.type)
  end
end

-- Calls --------------------------------------------------------------------

local VERIFY = { "vendor", "project_name", "name", "extra" }

---@class (exact) yuanjing.VerifyParams
---@field vendor string "volcengine"
---@field project_name? string
---@field name? string of the person: the new group is told by it
---@field extra? table goes out unchecked

--- Begins the verification of a person, who opens `h5_link` on a phone within
--- 120 seconds; then session:await_group() returns the group for uploads. Give
--- a `name` if several persons are verified at a time: it distinguishes their
--- groups. The request is sent at most once. Error kinds: those of chat;
--- platform with the code vendor_not_configured or vendor_disabled.
--- Source: docs/platform/api-v1-and-assets.md#1-获取真人认证链接-h5.
---@param params yuanjing.VerifyParams
---@return yuanjing.Verification?
---@return yuanjing.Error? err
---@nodiscard
function methods:verify(params)
  check_table("verify", params)
  local check = new_check(self._settings, VERIFY, params)
  local err = refusal("verify", check)
  if err then return nil, err end
  return dry_run.unwrap(verification.begin(self._settings, check.fields))
end

--- The groups for uploads, one for each verified person. Error kinds: auth,
--- server, transport, timeout, decode, platform.
--- Source: docs/platform/api-v1-and-assets.md#2-查询已认证的组合列表.
---@return yuanjing.Group[]?
---@return yuanjing.Error? err
---@nodiscard
function methods:groups()
  local groups, err = dry_run.unwrap(protocol.groups(self._settings))
  return groups, err -- not the pause between two queries
end

---@class (exact) yuanjing.AssetParams
---@field vendor_group_id string of a group
---@field file? string|yuanjing.File|yuanjing.Bytes a path, a yuanjing.file, yuanjing.bytes
---@field source_url? string instead of file: a URL, or a data URI in base64
---@field asset_type? string Image, Video; default: by the file
---@field name? string
---@field extra? table goes out unchecked

local UPLOAD = { "vendor_group_id", "file", "source_url", "asset_type", "name",
  "extra" }

--- Uploads a picture or a video. Returns an asset that is Processing: await
--- it. A file of any size is sent in constant memory, at most once. Problems
--- are found before anything is sent, all in one error. Error kinds: those of
--- chat; not_found with the code group_not_found, platform with the code
--- verification_incomplete, and with the status 413 for a file that is too
--- large; task_failed with err.asset if it failed at once. err.asset is there,
--- too, if the answer broke off after its id.
--- Source: docs/platform/api-v1-and-assets.md#3-上传素材.
---@param params yuanjing.AssetParams
---@return yuanjing.Asset?
---@return yuanjing.Error? err
---@nodiscard
function methods:upload(params)
  check_table("upload", params)
  local check = new_check(self._settings, UPLOAD, params)
  local source = check:read_source() or { is_guess = true }
  check:choose_type(source)
  local err = refusal("upload", check)
  if err then return nil, err end
  local fields, asked = check.fields, os.time()
  local known = { name = fields.name, asset_type = fields.asset_type,
    vendor_group_id = fields.vendor_group_id }
  local answer, problem = protocol.upload(self._settings, fields, source.medium)
  if dry_run.is(problem) then return problem end
  local found = answer or problem.asset
  local made = found and asset_of.new(self._settings, found, known, asked)
  if problem then
    problem.asset = made
    return nil, problem
  end
  if made.error then return nil, made.error end
  return made
end

--- An asset by its id, in its current state. Error kinds as for
--- asset:refresh(); a failed asset is in err.asset.
--- Source: docs/platform/api-v1-and-assets.md#4-查询素材状态.
---@param id string
---@return yuanjing.Asset?
---@return yuanjing.Error? err
---@nodiscard
function methods:get(id)
  if type(id) ~= "string" or id == "" then
    error(("client.assets:get: expected an id, got %s"):format(id == ""
      and "an empty text" or type(id)), 2)
  end
  return asset_of.new(self._settings, {}, { id = id }, os.time()):refresh()
end

local LIST = { "vendor_group_id", "extra" }

--- All assets of a group, with those that failed, and the platform's count.
--- Error kinds: those of groups; not_found (code group_not_found).
--- Source: docs/platform/api-v1-and-assets.md#5-查询组合下所有素材.
---@param params { vendor_group_id: string, extra?: table }
---@return yuanjing.Asset[]?
---@return integer|yuanjing.Error|nil total_or_err
---@nodiscard
function methods:list(params)
  check_table("list", params)
  local check = new_check(self._settings, LIST, params)
  local err = refusal("list", check)
  if err then return nil, err end
  local asked = os.time()
  local found, problem = protocol.list(self._settings, check.fields)
  if not found then return dry_run.unwrap(nil, problem) end
  local list = {}
  for n, fields in ipairs(found) do
    list[n] = asset_of.new(self._settings, fields,
      { vendor_group_id = params.vendor_group_id }, asked)
  end
  return list, found.total
end

require("yuanjing.base.check").methods("client.assets", methods, "_settings")

--- The assets of a client.
---@return yuanjing.Assets
function assets.new(settings)
  return setmetatable({ _settings = settings }, Assets)
end

return assets
