--- Downloads. `first=n` limits each scenario to the first n downloads of a
-- file; scenarios with an n of their own do not need it.
local play = require "yuanjing.sandbox.server.play"

local PAGE = "<html>\r\n<head><title>Error</title></head>\r\n" ..
  "<body>\r\n<center><h1>Error</h1></center>\r\n</body>\r\n</html>"

local EXPIRED = '{"status":"error","data":{"message":"文件已过期"}}'

-- Keeps the first n bytes of the body.
local function keep(answer, n)
  local kept = {}
  for _, item in ipairs(answer.items) do
    item.length = math.min(item.length, n)
    if item.length > 0 then kept[#kept + 1] = item end
    n = n - item.length
  end
  answer.items = kept
end

local function hang_up(answer)
  answer.items[#answer.items + 1] = { hangup = true }
end

local function length_of(answer)
  local length = 0
  for _, item in ipairs(answer.items) do
    length = length + (item.length or 0)
  end
  return length
end

local function row(name, help, phase, act, takes, default)
  return { name = name, takes = takes, default = default, help = help,
    limited = true, [phase] = act }
end

-- Replaces the answer of the first n downloads.
local function instead(name, help, make)
  return { name = name, takes = "n", optional = true, help = help,
    file = function(download, n)
      if download.n <= (n or math.huge) then download.play = make(download) end
    end }
end

local function accepts_gzip(download)
  return (download.seen.headers["accept-encoding"] or ""):find("gzip", 1, true)
end

local function compress()
  ngx.req.set_header("Accept-Encoding", "gzip")
end

return {
  row("file-cut", "the connection breaks after so many bytes", "sent",
    function(download, n)
      keep(download.answer, n)
      hang_up(download.answer)
    end, "bytes", 1000),
  row("file-stall", "half of the bytes, then nothing for so long", "sent",
    function(download, seconds)
      download.answer:insert(1, { pause = seconds })
    end, "seconds", 60),
  row("file-slow", "the bytes take so long", "sent",
    function(download, seconds)
      local whole = length_of(download.answer)
      for _, item in ipairs(download.answer.items) do
        if item.length and item.length > 0 then
          item.seconds = seconds * item.length / whole
        end
      end
    end, "seconds", 1),
  row("file-no-length", "no Content-Length", "sent", function(download)
    download.answer.headers["Content-Length"] = nil
  end),
  row("file-wrong-length", "Content-Length promises so many bytes more",
    "sent", function(download, n)
      local headers = download.answer.headers
      headers["Content-Length"] =
        ("%d"):format(length_of(download.answer) + n)
      hang_up(download.answer)
    end, "bytes", 1000),
  row("file-gzip", "compressed for who accepts that: no length, no ranges",
    "file", function(download)
      if accepts_gzip(download) then
        compress()
        download.ranges = false
      end
    end),
  row("file-gzip-always", "compressed, though nobody asked for it", "file",
    function(download)
      compress()
      download.ranges = false
    end),
  row("file-no-ranges", "a Range is ignored: always the whole file", "file",
    function(download) download.ranges = false end),
  row("file-no-etag", "neither ETag nor Last-Modified", "file",
    function(download)
      download.etag, download.modified = false, false
    end),
  { name = "file-changes", takes = "n", default = 1,
    help = "after n downloads the file is another, with another ETag",
    file = function(download, n)
      if download.n > n then download.version = 2 end
    end },
  row("file-other-range", "a part is promised and sent that starts at 0",
    "sent", function(download)
      local answer = download.answer
      if answer.status ~= 206 then return end
      local length = length_of(answer)
      local size = answer.headers["Content-Range"]:match("%d+$")
      answer.headers["Content-Range"] = ("bytes 0-%d/%s"):format(length - 1,
        size)
      local at = 0
      for _, item in ipairs(answer.items) do
        item.from, at = at, at + item.length
      end
    end),
  row("file-redirect", "302 to the same file, by the name localhost", "file",
    function(download)
      if download.seen.query.redirected then return end
      download.play = play.text(302, "302: Found", {
        Location = ("http://localhost:%s%s&redirected=1"):format(
          ngx.var.server_port, ngx.var.request_uri),
      })
    end),
  instead("file-403", "403, as for an address that has expired", function()
    return play.text(403, "403: Forbidden")
  end),
  instead("file-404", "404", function()
    return play.text(404, "404: Not Found")
  end),
  instead("file-500", "500 in plain text", function()
    return play.text(500, "500 Internal Server Error")
  end),
  instead("file-502", "502 with a proxy's HTML page", function()
    return play.body(502, PAGE)
  end),
  instead("file-html", "200 with an HTML page", function()
    return play.body(200, PAGE)
  end),
  instead("file-json", "200 with the platform's own error", function()
    return play.body(200, EXPIRED)
  end),
  instead("file-empty", "200 with nothing", function()
    return play.body(200, "")
  end),
  row("file-slice", "a part has the status 200", "sent", function(download)
    if download.answer.status == 206 then download.answer.status = 200 end
  end),
  row("file-other-total", "a part says that the whole is longer", "sent",
    function(download)
      local headers = download.answer.headers
      local range, size = (headers["Content-Range"] or "")
        :match("^(.*/)(%d+)$")
      if range then headers["Content-Range"] = range .. size + 7 end
    end),
  instead("file-reset", "the connection is reset without any answer",
    function()
      local answer = play.text(200, "")
      answer.reset = true
      return answer
    end),
}
