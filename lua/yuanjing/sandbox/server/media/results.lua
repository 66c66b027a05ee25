--- The results of a task, and their addresses.
local clock = require "yuanjing.sandbox.server.clock"
local json = require "yuanjing.sandbox.server.json"
local tasks = require "yuanjing.sandbox.server.media.tasks"

local results = {}

local SECRET = "of the sandbox"

-- Paths --------------------------------------------------------------------

--- The path of a task's file: it contains the id, in pieces.
local function path_of(id, name)
  return ("/tmp/%s/%s/%s/%s/%s"):format(id:sub(1, 5), id:sub(6, 9),
    id:sub(10, 14), id:sub(15), name)
end

--- The id and the file's name, or nil.
---@param path string
---@return string? id
---@return string? name
function results.read_path(path)
  local a, b, c, d, name =
    path:match("^/tmp/(%d+)/(%d+)/(%d+)/(%d+)/([%w_.]+)$")
  if a then return a .. b .. c .. d, name end
end

--- The signature in a temporary address.
function results.signature(path, expires)
  return ngx.md5(SECRET .. path .. expires)
end

---@class yuanjing.sandbox.Result
---@field task yuanjing.sandbox.Task
---@field host string of all addresses
---@field valid? number seconds that the addresses are good for
---@field issue integer how often addresses have been given out by now
---@field marked? boolean the addresses contain their issue number
---@field as_list boolean arrays, even of one
---@field names table<string, string[]> by kind: image, video, audio, output
---@field text? string
---@field message? string
---@field dress? fun(url: string): any the value instead of an address
---@field lost? any[] more of each array, which are no addresses
---@field is_nested? boolean all fields are inside an object

--- The host for addresses: the one that the request named.
function results.host()
  return ngx.var.http_host or "127.0.0.1:" .. ngx.var.server_port
end

local function sign(result, path)
  if not result.valid then return "" end
  local expires = ("%.3f"):format(clock.now() + result.valid)
  return ("&expires=%s&sign=%s"):format(expires,
    results.signature(path, expires))
end

--- The address of a file, valid as long as the result.
---@param result yuanjing.sandbox.Result
---@param place string the address's own path
---@param path string of the file, behind it
function results.url(result, place, path)
  local issue = result.marked and "&issue=" .. result.issue or ""
  return ("http://%s%s?path=%s%s%s"):format(result.host, place, path,
    sign(result, path), issue)
end

local function value_of(result, kind)
  local names = result.names[kind]
  if not names then return nil end
  local urls = {}
  for i, name in ipairs(names) do
    local url = results.url(result, "/idfile", path_of(result.task.id, name))
    urls[i] = result.dress and result.dress(url) or url
  end
  for _, item in ipairs(result.lost or {}) do urls[#urls + 1] = item end
  return (result.as_list or #urls > 1) and urls or urls[1]
end

-- Usage --------------------------------------------------------------------

local TYPES = { t2i = "text2image", t2v = "text2video", i2v = "image2video",
  ref2v = "reference2video" }

local function usage_of(task)
  local usage = json.record("action", task.category, "credits", 10,
    "type", TYPES[task.category] or task.category, "model", task.model)
  if task.kind == "image" then
    usage.image_count = #task.names
    return usage
  end
  local order = getmetatable(usage).order
  for _, name in ipairs { "resolution", "off_peak", "duration" } do
    order[#order + 1] = name
  end
  usage.resolution = task.fields.resolution or "720p"
  usage.off_peak = task.fields.off_peak == "Y"
  usage.duration = tonumber(task.fields.duration) or 5
  return usage
end

-- --------------------------------------------------------------------------

local function names_of(task)
  if task.kind == "image" then return { image = task.names } end
  return { image = { "cover.png" }, video = { "video.mp4" } }
end

--- Adds the results of a finished task to a status answer.
---@param record table
---@param task yuanjing.sandbox.Task
---@param odds yuanjing.sandbox.Odds
function results.fill(record, task, odds)
  local result = {
    task = task, names = names_of(task), as_list = false,
    host = results.host(),
    issue = tasks.count("issue", task.id),
  }
  odds:apply("result", result)
  record.usage = usage_of(task)
  local place = result.is_nested and json.record() or record
  for _, kind in ipairs { "image", "video", "audio", "output" } do
    place[result.is_nested and kind .. "_url" or kind] = value_of(result, kind)
  end
  if result.is_nested then record.output = place end
  record.text, record.message = result.text, result.message
end

return results
