--- Failures reported in the body, with status 200 unless the value gives
-- another.
local json = require "yuanjing.sandbox.server.json"
local play = require "yuanjing.sandbox.server.play"

local MESSAGE = "the model is overloaded"

local HTML = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n" ..
  "<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>"

-- A row whose answer is a JSON value.
local function as_json(name, example, value)
  return { name = name, takes = "status", default = 200, help = example,
    instead = function(_, status) return play.json(status, value) end }
end

-- A row whose answer is a fixed text.
local function as_text(name, help, text)
  return { name = name, takes = "status", default = 200, help = help,
    instead = function(_, status) return play.body(status, text) end }
end

local record = json.record

return {
  as_json("error-text", '{"error": "text"}', record("error", MESSAGE)),
  as_json("error-object", '{"error": {"message", "type", "code"}}',
    record("error", record("message", MESSAGE, "type", "server_error",
      "code", "model_overloaded"))),
  as_json("error-data", '{"status": "error", "data": {"message"}}',
    record("status", "error", "data", record("message", MESSAGE))),
  as_json("error-success", '{"success": false, "message": "text"}',
    record("success", false, "message", MESSAGE)),
  as_json("error-success-error", '{"success": false, "error": "text"}',
    record("success", false, "error", MESSAGE)),
  as_json("error-failed", '{"status": "FAILED", "error": "ERROR:text"}',
    record("status", "FAILED", "error", "ERROR:" .. MESSAGE)),
  as_json("error-message", '{"status": "error", "message": "text"}',
    record("status", "error", "message", MESSAGE)),
  as_json("error-errcode", '{"errcode": 40001, "errmsg": "text"}',
    record("errcode", 40001, "errmsg", MESSAGE)),
  as_json("error-funds", '{"error": "InsufficientFunds"}, as the legacy API',
    record("error", "InsufficientFunds")),
  as_json("error-long", "an error text of 1 MiB",
    record("error", ("long "):rep(209716))),
  as_text("error-plain", "plain text", "ERROR: " .. MESSAGE),
  as_text("error-html", "a proxy's HTML page", HTML),
  as_text("error-python", "a Python dict's repr: {'error': 'text'}",
    "{'error': '" .. MESSAGE .. "', 'code': None, 'ok': False}"),
  as_text("error-empty", "nothing at all", ""),
  { name = "error-echo", takes = "status", default = 200,
    help = "an error text with the Authorization header in it",
    instead = function(seen, status)
      return play.fail(status, "can not use Authorization: " ..
        (seen.headers.authorization or "none"))
    end },
}
