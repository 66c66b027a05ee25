--- Assets. An asset belongs to a group, and so to a key. It becomes Active
-- after some time, like a task, and keeps its scenarios like a task.
local clock = require "yuanjing.sandbox.server.clock"
local ids = require "yuanjing.sandbox.server.assets.ids"
local tasks = require "yuanjing.sandbox.server.media.tasks"

local shelf = {}

local FILES = 1000 -- kept open at most; the oldest are closed

---@class yuanjing.sandbox.Asset
---@field id string
---@field vendor_asset_id string
---@field vendor_group_id string
---@field key string the owner's
---@field name string
---@field asset_type string
---@field at number Unix time of the upload
---@field seconds number from the upload until it is Active
---@field uri? yuanjing.sandbox.DataUri what was uploaded
---@field source_url? string or its URL
---@field odd table[] the scenarios that it keeps
---@field fails? string it ends Failed, with this text
---@field ends? string the last status instead of Active
---@field word? string the status instead of Processing
---@field never? boolean it stays Processing
---@field gone? boolean its bytes were closed

local by_id, by_vendor_id, by_group = {}, {}, {}
local with_files, count = {}, 0 -- a ring, and the number of assets ever added

--- Forgets all assets. Downloads in progress still have their bytes.
function shelf.forget()
  by_id, by_vendor_id, by_group = {}, {}, {}
  with_files, count = {}, 0
end

--- A new asset; scenarios may change it before shelf.keep().
---@param fields table
---@return yuanjing.sandbox.Asset
function shelf.new(fields)
  local at = clock.now()
  local asset = { id = ids.own(), at = at,
    vendor_asset_id = ids.vendor("asset", at) }
  for name, value in pairs(fields) do asset[name] = value end
  return asset
end

local function keep_file(asset)
  local place = count % FILES
  local oldest = with_files[place]
  if oldest then
    oldest.uri.bytes:close()
    oldest.gone = true
  end
  with_files[place], count = asset, count + 1
end

---@param asset yuanjing.sandbox.Asset
function shelf.keep(asset)
  by_id[asset.id], by_vendor_id[asset.vendor_asset_id] = asset, asset
  local list = by_group[asset.vendor_group_id] or {}
  by_group[asset.vendor_group_id], list[#list + 1] = list, asset
  if asset.uri then keep_file(asset) end
end

--- The asset with this id, or nil.
---@param id string
---@return yuanjing.sandbox.Asset?
function shelf.find(id)
  return by_id[id]
end

--- The asset with this vendor id, or nil.
---@param id string
---@return yuanjing.sandbox.Asset?
function shelf.find_vendor(id)
  return by_vendor_id[id]
end

--- A group's assets in the order of their upload.
---@param vendor_group_id string
---@return yuanjing.sandbox.Asset[]
function shelf.list(vendor_group_id)
  return by_group[vendor_group_id] or {}
end

--- The current status, and whether the asset can be downloaded.
---@param asset yuanjing.sandbox.Asset
---@return string word
---@return boolean active
function shelf.state(asset)
  local _, ended = tasks.stage(asset)
  if not ended then return asset.word or "Processing", false end
  if asset.fails then return "Failed", false end
  return asset.ends or "Active", not asset.ends
end

return shelf
