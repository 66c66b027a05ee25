--- Refusals with an HTTP status, and redirects.
local clock = require "yuanjing.sandbox.server.clock"
local play = require "yuanjing.sandbox.server.play"

local function page(title)
  return ("<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n" ..
    "<center><h1>%s</h1></center>\r\n<hr><center>nginx</center>\r\n" ..
    "</body>\r\n</html>\r\n"):format(title, title)
end

-- A row whose answer is {"error": message}.
local function refusal(name, status, message)
  return { name = name, help = ('%d {"error": "%s"}'):format(status, message),
    instead = function() return play.fail(status, message) end }
end

local function plain(name, status, text)
  return { name = name,
    help = ("%d with the plain text `%s`"):format(status, text),
    instead = function() return play.text(status, text) end }
end

local function redirect(name, status)
  return { name = name, takes = "url", optional = true,
    help = ("%d to another address"):format(status),
    instead = function(_, url)
      url = url or ("http://localhost:%s/sandbox/elsewhere"):format(
        ngx.var.server_port)
      return play.text(status, ("%d: Found"):format(status),
        { Location = url })
    end }
end

return {
  refusal("bad-request", 400, "Missing required parameter: prompt"),
  refusal("unauthorized", 401, "Invalid API Key"),
  plain("unauthorized-text", 401, "401: Unauthorized"),
  plain("forbidden", 403, "403: Forbidden"),
  plain("not-found", 404, "404: Not Found"),
  plain("too-large", 413, "Maximum request body size 10485760 exceeded, " ..
    "actual body size 10485761"),
  refusal("balance", 429, "Insufficient balance"),
  { name = "rate-limit", takes = "seconds", default = 1,
    help = '429 {"error": "Rate limit exceeded"}, with Retry-After',
    instead = function(_, seconds)
      return play.fail(429, "Rate limit exceeded",
        { ["Retry-After"] = clock.retry_after(seconds) })
    end },
  refusal("rate-limit-bare", 429, "Rate limit exceeded, try again later"),
  plain("server-error", 500, "500 Internal Server Error"),
  { name = "bad-gateway", help = "502 with a proxy's HTML page",
    instead = function() return play.body(502, page("502 Bad Gateway")) end },
  { name = "unavailable", takes = "seconds", default = 1,
    help = "503 with Retry-After and a proxy's HTML page",
    instead = function(_, seconds)
      return play.body(503, page("503 Service Temporarily Unavailable"),
        { ["Retry-After"] = clock.retry_after(seconds) })
    end },
  { name = "unavailable-bare", help = "503 without Retry-After",
    instead = function()
      return play.body(503, page("503 Service Temporarily Unavailable"))
    end },
  { name = "status", takes = "status", default = 500,
    help = 'that status with {"error": "status N"}',
    instead = function(_, status)
      return play.fail(status, ("status %d"):format(status))
    end },
  redirect("redirect", 302),
  redirect("redirect-307", 307),
}
