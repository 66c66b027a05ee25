--- GET and HEAD /idfile?path=: the files of tasks, with ranges. Needs no key.
local clock = require "yuanjing.sandbox.server.clock"
local content = require "yuanjing.sandbox.server.media.content"
local odds = require "yuanjing.sandbox.server.media.odds"
local play = require "yuanjing.sandbox.server.play"
local results = require "yuanjing.sandbox.server.media.results"
local tasks = require "yuanjing.sandbox.server.media.tasks"

local files = {}

local TYPES = { png = "image/png", mp4 = "video/mp4", wav = "audio/wav" }

---@class yuanjing.sandbox.Source
---@field size integer
---@field read fun(self, offset: integer, length: integer): string

---@class yuanjing.sandbox.Stored what there is to be had
---@field id string of the task or asset
---@field at number Unix time
---@field odd table[] the scenarios that stay with it
---@field name string
---@field type? string otherwise it follows from the name
---@field signed? boolean by addresses that are good for a time only
---@field open fun(download: yuanjing.sandbox.Download): yuanjing.sandbox.Source

---@class yuanjing.sandbox.Download
---@field stored yuanjing.sandbox.Stored
---@field seen yuanjing.sandbox.Seen
---@field n integer the first, second ... GET of this file
---@field size? integer wanted; more than the file has by itself
---@field version integer another one has other bytes
---@field ranges boolean parts can be had
---@field valid? number|boolean signed addresses only
---@field expired_issues integer addresses up to this issue are not good
---@field etag? string|false
---@field modified? string|false
---@field play? yuanjing.sandbox.Play another answer in its place
---@field answer yuanjing.sandbox.Play what goes out otherwise

-- Access -------------------------------------------------------------------

local DENIED = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>' ..
  "AccessDenied</Code><Message>Request has expired.</Message></Error>\n"

local function is_signed(seen)
  local asked = seen.query
  local expires = asked.expires or ""
  return asked.sign == results.signature(asked.path, expires) and
    clock.now() <= (tonumber(expires) or 0)
end

local function is_denied(download)
  if download.valid and not is_signed(download.seen) then return true end
  local issue = tonumber(download.seen.query.issue) or 0
  return issue <= download.expired_issues and download.expired_issues > 0
end

-- Parts --------------------------------------------------------------------

-- RFC 9110: if the validator differs, the whole file is sent.
local function range_holds(download)
  local condition = download.seen.headers["if-range"]
  return not condition or condition == download.modified or
    condition == download.etag and not condition:find("^W/")
end

-- The first and last byte; nil for all of it; false if the range is not
-- satisfiable. Several ranges get the whole file, which is allowed.
local function wanted_part(download, size)
  local header = download.seen.headers.range
  if not header or not download.ranges or not range_holds(download) then
    return nil
  end
  local first, last = header:match("^bytes=(%d*)%-(%d*)$")
  first, last = tonumber(first), tonumber(last)
  if not first and not last then return nil end
  if not first then
    if last == 0 then return false end
    return math.max(0, size - last), size - 1
  end
  if first >= size then return false end
  if last and last < first then return nil end
  return first, math.min(last or size - 1, size - 1)
end

-- Answering ----------------------------------------------------------------

local function head_of(download)
  local stored = download.stored
  local headers = { ["Content-Type"] = stored.type or
    TYPES[stored.name:match("%.(%w+)$")] }
  if download.ranges then headers["Accept-Ranges"] = "bytes" end
  headers.ETag = download.etag or nil
  headers["Last-Modified"] = download.modified or nil
  return headers
end

local function no_such_part(size)
  return play.text(416, "416: Range Not Satisfiable",
    { ["Content-Range"] = ("bytes */%d"):format(size) })
end

local function body_of(download)
  local made = download.stored.open(download)
  local headers = head_of(download)
  local first, last = wanted_part(download, made.size)
  if first == false then return no_such_part(made.size) end
  local status = first and 206 or 200
  if first then
    headers["Content-Range"] = ("bytes %d-%d/%d"):format(first, last,
      made.size)
  end
  first, last = first or 0, last or made.size - 1
  headers["Content-Length"] = ("%d"):format(last - first + 1)
  return play.content(status, made, first, last - first + 1, headers)
end

-- Both change with the version.
local function set_validators(download)
  local stored = download.stored
  local at = math.floor(stored.at) + download.version - 1
  if download.etag == nil then
    download.etag = ('"%x-%s"'):format(at, ngx.md5(stored.id .. stored.name ..
      download.version):sub(1, 8))
  end
  if download.modified == nil then download.modified = ngx.http_time(at) end
end

--- Sends the requested part of a file.
---@param seen yuanjing.sandbox.Seen
---@param stored yuanjing.sandbox.Stored
---@return yuanjing.sandbox.Play
function files.send(seen, stored)
  local odd = odds.new(stored, seen)
  local download = {
    stored = stored, seen = seen, version = 1, ranges = true,
    expired_issues = 0, valid = stored.signed,
    n = seen.method == "HEAD" and 0 or
      tasks.count("file", stored.id, stored.name),
  }
  odd:apply("file", download)
  if download.play then return odd:report(download.play) end
  if is_denied(download) then
    return odd:report(play.body(403, DENIED,
      { ["Content-Type"] = "application/xml" }))
  end
  set_validators(download)
  local answer = body_of(download)
  download.answer = answer
  if answer.status ~= 416 then odd:apply("sent", download) end
  if seen.method == "HEAD" then answer.items = {} end
  return odd:report(answer)
end

-- Files of tasks -----------------------------------------------------------

local function has(task, wanted)
  for _, name in ipairs(task.names) do
    if name == wanted then return true end
  end
  return wanted == "audio.wav" -- scenario `result-more`
end

-- The file of a task that has ended, or nil.
local function find(seen)
  local id, name = results.read_path(seen.query.path or "")
  local task = id and tasks.find(id)
  if not task or not has(task, name) then return nil end
  local _, ended = tasks.stage(task)
  if ended then return task, name end
end

-- A scripted file.
local function given(seen, body)
  return {
    id = ngx.md5(body), at = 0, odd = {},
    name = (seen.query.path or ""):match("[^/]*$"), open = function()
      return { size = #body, read = function(_, offset, length)
        return body:sub(offset + 1, offset + length)
      end }
    end,
  }
end

---@param seen yuanjing.sandbox.Seen
function files.get(seen)
  if seen.answer and seen.answer.body then
    return files.send(seen, given(seen, seen.answer.body))
  end
  local task, name = find(seen)
  if not task then return play.text(404, "404: Not Found") end
  return files.send(seen, {
    id = task.id, at = task.at, odd = task.odd, name = name,
    open = function(download)
      return content.new(name, ("%s %d %s"):format(name, download.version,
        task.prompt), download.size)
    end,
  })
end

return files
