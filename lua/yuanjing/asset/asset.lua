--- An asset: a picture or a video of a verified person. The platform checks it
-- for a while before it can be used; its file has a link that is valid for
-- some hours.
local ascii = require "yuanjing.base.ascii"
local download = require "yuanjing.task.download"
local dry_run = require "yuanjing.spending.dry_run"
local errors = require "yuanjing.errors"
local polling = require "yuanjing.task.polling"
local result_of = require "yuanjing.task.result"
local target_of = require "yuanjing.task.download.target"
local protocol = require "yuanjing.protocol.assets"

local asset = {}

---@class yuanjing.Asset
---@field id string the platform's, for client.assets:get
---@field vendor_asset_id? string the vendor's: what lasts, and what a video is made from
---@field status string Processing, Active or Failed
---@field url? string link to its file
---@field url_expires_at? number when the link dies, in seconds since 1970
---@field name? string
---@field asset_type? string Image, Video, ...
---@field vendor_group_id? string
---@field create_time? string on the platform's clock
---@field done boolean nothing will change any more
---@field error? yuanjing.Error of an asset that failed
---@field private _pause? number seconds that the last answer asked to wait
local methods = {}
local Asset = {}
Asset.__index = methods
Asset.__name = "yuanjing.Asset"

local TIMEOUT = 1800
local PACE = { first = 2, longest = 10 }

local FIELDS = { "id", "vendor_asset_id", "status", "url", "name",
  "asset_type", "create_time" }

-- Copies an answer into the handle. Missing fields stay as they are; the id
-- never changes.
local function take(self, fields, asked)
  for _, name in ipairs(FIELDS) do
    if name ~= "id" or not self.id then
      self[name] = fields[name] or self[name]
    end
  end
  if fields.url then self.url_expires_at = asked + protocol.URL_SECONDS end
  self.done = protocol.is_active(self.status) or fields.failure ~= nil
  if fields.failure then
    fields.failure.asset = self
    self.error = errors.new(fields.failure)
  end
end

-- Sends a query, for so many seconds at most. The link's time counts from
-- before the query, or it could end earlier than expected.
local function refresh(self, seconds)
  if self.error then return nil, self.error end
  local asked = os.time()
  local fields, err, pause = protocol.status(self._settings, self.id,
    seconds)
  self._pause = pause
  if not fields then
    if errors.is(err) then err.asset = self end
    return nil, err
  end
  take(self, fields, asked)
  if self.error then return nil, self.error end
  return self
end

--- Queries the status. Returns the asset itself, with its current `status` and
--- a fresh `url`; or nil and an error, of kind task_failed if it failed,
--- not_found (code asset_not_found) if you have no such asset, or any kind of
--- a failed query, which does not change the asset. err.asset is the asset.
--- Source: docs/platform/api-v1-and-assets.md#4-查询素材状态.
---@return yuanjing.Asset?
---@return yuanjing.Error? err
function methods:refresh()
  return dry_run.unwrap(refresh(self, math.huge))
end

local function timed_out(self, last)
  return errors.new { kind = "timeout", call = "asset:await", asset = self,
    retryable = true, summary = "still " .. self.status,
    message = ("still %s; await it again, or get it by "
      .. "client.assets:get(%q)"):format(self.status, tostring(self.id))
      .. (last and " (the last query said: " .. last.message .. ")" or "") }
end

---@class (exact) yuanjing.AssetAwaitOptions
---@field timeout? number seconds (1800)
---@field interval? number seconds between queries; default: Retry-After, or 2 to 10 with jitter
---@field on_update? fun(asset: yuanjing.Asset) called when the status has changed

--- Waits until the asset is Active and returns it; or nil and an error,
--- task_failed if it failed. A wait that times out (kind timeout) can be
--- repeated; temporary failures do not end it.
---@param options? yuanjing.AssetAwaitOptions
---@return yuanjing.Asset?
---@return yuanjing.Error? err
function methods:await(options)
  options = options or {}
  polling.check_options("asset:await", options, polling.OF_ONE)
  if self.done and not self.error then return self end
  local told
  local wait = { timeout = options.timeout or TIMEOUT,
    interval = options.interval }
  local active, err, is_late = polling.run(PACE, wait, function(left)
    local _, problem = refresh(self, left)
    if self.status ~= told and options.on_update then
      options.on_update(self)
    end
    told = self.status
    return self.done and not problem and self or nil, problem, self._pause
  end)
  if is_late then return nil, timed_out(self, err) end
  return active, err
end

local function has_link(self)
  return self.url and os.time() < (self.url_expires_at or 0)
end

local function no_link(self)
  return nil, errors.new { kind = "not_found", asset = self,
    call = "asset:save", message = "the platform gave no link to its file" }
end

local function save_from(self, path, options)
  if not self.url then return no_link(self) end
  return download.save(self._settings, self.url, path, options, nil,
    function() return self:refresh() and self.url end)
end

---@class (exact) yuanjing.AssetSaveOptions: yuanjing.AssetAwaitOptions
---@field on_progress? fun(received: integer, total: integer?)

--- Saves the file, whole or not at all. Waits until the asset is Active, as
--- await() does with the same options, and gets a fresh link if the old one
--- has expired. A folder (or a path that ends with "/") gets a file named
--- after the link. The key is not sent along. Error kinds: those of await, and
--- io (the file), truncated, server.
---@param path string
---@param options? yuanjing.AssetSaveOptions
---@return string? path of the file
---@return yuanjing.Error? err
function methods:save(path, options)
  local wait
  wait, options = polling.split("asset:save", options or {})
  result_of.check_save(path, options)
  if options.kind or options.index then
    error("save: kind, index: an asset is one file", 2)
  end
  local ok, problem = target_of.check(path)
  if not ok then
    return nil, errors.new { kind = "io", message = problem, asset = self }
  end
  local err
  ok, err = self:await(wait)
  if ok and not has_link(self) then ok, err = self:refresh() end
  if not ok then return nil, err end
  local saved
  saved, err = save_from(self, path, options)
  if saved then return saved end
  err.asset = self
  return nil, err
end

local FAMILIES = { image = "image", video = "video", audio = "audio" }

--- As a medium of a call (yuanjing.base.media): its lasting id, and its type.
function Asset.__medium(self)
  if self.error then
    return nil, ("the asset %s has failed"):format(tostring(self.id))
  end
  if not self.done then
    return nil, ("the asset %s is still %s: await it first"):format(
      tostring(self.id), self.status)
  end
  if not self.vendor_asset_id then
    return nil, ("of the asset %s no vendor_asset_id is known: upload() and "
      .. "list() tell it"):format(tostring(self.id))
  end
  return self.vendor_asset_id, FAMILIES[ascii.lower(self.asset_type or "")]
end

function Asset:__tostring()
  return ("yuanjing.Asset %s (%s)"):format(tostring(self.id), self.status)
end

--- A handle made from an answer; `known` has fields that answers need not
--- repeat.
---@param fields yuanjing.AssetFields
---@param known table
---@param asked number when it was asked, in seconds since 1970
---@return yuanjing.Asset
function asset.new(settings, fields, known, asked)
  local self = setmetatable({ _settings = settings }, Asset)
  for name, value in pairs(known) do self[name] = value end
  take(self, fields, asked)
  self.status = self.status or protocol.FIRST_STATUS
  return self
end

return asset
