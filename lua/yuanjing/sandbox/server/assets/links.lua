--- The temporary download addresses of an asset's bytes, and the downloads.
local content = require "yuanjing.sandbox.server.media.content"
local files = require "yuanjing.sandbox.server.media.files"
local play = require "yuanjing.sandbox.server.play"
local results = require "yuanjing.sandbox.server.media.results"
local shelf = require "yuanjing.sandbox.server.assets.shelf"
local tasks = require "yuanjing.sandbox.server.media.tasks"

local links = {}

local VALID = 12 * 3600 -- seconds

local EXTENSIONS = { Video = "mp4", Audio = "wav" }

-- An asset that was given by URL is replaced by a file of the sandbox.
local function extension_of(asset)
  if not asset.uri then return EXTENSIONS[asset.asset_type] or "png" end
  return asset.uri.type:match("%w+$") or "bin"
end

--- A new address, or nil if a scenario removes it.
---@param asset yuanjing.sandbox.Asset
---@param odds yuanjing.sandbox.Odds
---@return string?
function links.new(asset, odds)
  local link = { host = results.host(), valid = VALID, names = { url = true },
    issue = tasks.count("issue", asset.id) }
  odds:apply("result", link)
  if not link.names.url then return nil end
  return results.url(link, "/reallife_asset/file",
    ("/%s.%s"):format(asset.vendor_asset_id, extension_of(asset)))
end

---@param seen yuanjing.sandbox.Seen
function links.get(seen)
  local id = (seen.query.path or ""):match("^/(asset%-[%w-]+)%.%w+$")
  local asset = id and shelf.find_vendor(id)
  if not asset or asset.gone or not select(2, shelf.state(asset)) then
    return play.text(404, "404: Not Found")
  end
  local name = "asset." .. extension_of(asset)
  return files.send(seen, {
    id = asset.id, at = asset.at, odd = asset.odd, name = name, signed = true,
    type = asset.uri and asset.uri.type,
    open = function(download)
      return asset.uri and asset.uri.bytes or content.new(name,
        ("%d %s"):format(download.version, asset.source_url), download.size)
    end,
  })
end

return links
