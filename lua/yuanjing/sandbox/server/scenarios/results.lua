--- The files of a finished task, and the address of an active asset.
local json = require "yuanjing.sandbox.server.json"

-- A row that changes the form of each address.
local function dressed(name, help, dress)
  return { name = name, help = help,
    result = function(result) result.dress = dress end }
end

-- NB: the client's Lua reads this file as well, but can not draw.
local function data_uri()
  local png = require "yuanjing.sandbox.server.media.picture.png"
  local scene = require "yuanjing.sandbox.server.media.picture.scene"
  return "data:image/png;base64," ..
    ngx.encode_base64(png.encode(scene.draw("in an address", 16, 16)))
end

return {
  dressed("result-objects", 'each address in an object: {"url": "..."}',
    function(url) return json.record("url", url) end),
  dressed("result-relative", "addresses without a scheme and a host",
    function(url) return (url:gsub("^http://[^/]+", "")) end),
  dressed("result-no-scheme", "addresses that begin with //",
    function(url) return (url:gsub("^http:", "")) end),
  dressed("result-blanks", "blanks and a line end around the addresses",
    function(url) return " " .. url .. "\n" end),
  dressed("result-data", "a data URI in the place of each address", data_uri),
  { name = "result-partial", takes = "text",
    default = "the content was refused",
    help = "arrays that have a null and an object with this error, too",
    result = function(result, text)
      result.as_list = true
      result.lost = { json.null, json.record("error",
        json.record("message", text)) }
    end },
  { name = "result-nested", help = "inside output: image_url, video_url",
    result = function(result) result.is_nested = true end },
  { name = "result-reason", takes = "text",
    default = "the content was refused",
    help = "no addresses, and this as the message",
    result = function(result, text)
      result.names, result.message = {}, text
    end },
  { name = "result-array", help = "each address in an array",
    result = function(result) result.as_list = true end },
  { name = "result-many", takes = "n", default = 3,
    help = "so many images, in an array",
    begin = function(task, n)
      if task.kind ~= "image" then return end
      for i = 2, n do task.names[i] = ("image_%d.png"):format(i) end
    end },
  { name = "result-more", help = "audio, output and text as well",
    result = function(result)
      result.names.audio = { "audio.wav" }
      result.names.output = result.names.video or result.names.image
      result.text = "made in the sandbox"
    end },
  { name = "result-none", help = "no addresses at all",
    result = function(result) result.names = {} end },
  { name = "result-host", takes = "host", default = "127.0.0.1:443",
    help = "the addresses, http still, name this host[:port]",
    result = function(result, host) result.host = host end },
  { name = "signed", takes = "seconds", default = 60,
    help = "the addresses are signed and good for so long; later: 403",
    result = function(result, seconds) result.valid = seconds end,
    file = function(download, seconds) download.valid = seconds end },
  { name = "expired", takes = "n", default = 1,
    help = "the addresses of the first n answers are not good any more: 403",
    result = function(result) result.marked = true end,
    file = function(download, n) download.expired_issues = n end },
  { name = "size", takes = "bytes", default = 1048576,
    help = "the files have so many bytes, and open all the same",
    file = function(download, bytes)
      download.size = math.max(download.size or 0, math.floor(bytes))
    end },
}
