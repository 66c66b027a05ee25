--- A headless Chromium, driven by WebDriver: JSON over HTTP to chromedriver.
--   local browser = require("support.browser").start { width = 390 }
--   browser:open(url)  browser:click "#confirm"  browser:text "h1"
-- All of it raises when something goes wrong: a spec has nothing to handle.
local cjson = require("cjson").new()
local http = require "socket.http"
local ltn12 = require "ltn12"
local shell = require "yuanjing.sandbox.shell"
local socket = require "socket"

local methods = {}
local Browser = { __index = methods }

local PATIENCE = 120 -- seconds for one command
local APPEARS = 60000 -- ms for an element to be there
local ELEMENT = "element-6066-11e4-a52e-4f735466cecf" -- the standard's own name

-- $1 a folder for all files. Runs until the pipe to it is closed, or the
-- process that holds the pipe is gone; the browser ends with it.
local RUN = [[
exec 3<&0 </dev/null
cd "$1" || exit
HOME=$1 TMPDIR=$1 setsid chromedriver --port=0 >driver.log 2>&1 3<&- &
driver=$!
read -r _ <&3
exec 2>/dev/null
kill -s KILL -- -"$driver"
wait "$driver"
cd /
tries=0 # the last of it may still be writing
until rm -rf -- "$1" || test $((tries += 1)) = 20; do sleep 0.1; done
]]

local MISSING = "spec/support/browser.lua needs %s, which is not there; " ..
  "on Debian: apt install chromium chromium-driver, or .ci/setup test"

local function check_tools()
  for _, tool in ipairs { "chromium", "chromedriver" } do
    if shell.read("command -v " .. tool) == "" then
      error(MISSING:format(tool), 0)
    end
  end
end

local function read(path)
  local file = io.open(path)
  local text = file and file:read("*a") or ""
  if file then file:close() end
  return text
end

-- The driver chooses the port; it is in the log.
local function wait_for_port(folder)
  for _ = 1, 600 do
    local log = read(folder .. "/driver.log")
    local port = log:match("successfully on port (%d+)")
    if port then return port end
    socket.sleep(0.1)
  end
  error("chromedriver does not start:\n" .. read(folder .. "/driver.log"), 0)
end

local function patient_socket()
  local tcp = assert(socket.tcp())
  tcp:settimeout(PATIENCE)
  return tcp
end

-- Runs one command and returns its value; raises the driver's errors.
local function command(self, method, path, body)
  local text, chunks = body and cjson.encode(body), {}
  local ok, status = http.request {
    method = method, url = self._address .. path, create = patient_socket,
    source = text and ltn12.source.string(text),
    sink = ltn12.sink.table(chunks),
    headers = { ["Content-Type"] = "application/json",
      ["Content-Length"] = text and #text or 0 },
  }
  local what = ("webdriver: %s %s: "):format(method, path)
  if not ok then error(what .. tostring(status), 0) end
  local value = cjson.decode(table.concat(chunks)).value
  if status ~= 200 then
    error(what .. value.error .. ": " .. value.message, 0)
  end
  if value == cjson.null then return nil end
  return value
end

-- For root there is no sandbox of Chromium; /dev/shm may be too small.
local function capabilities(options)
  return { capabilities = { alwaysMatch = {
    browserName = "chrome",
    timeouts = { implicit = APPEARS, pageLoad = PATIENCE * 1000 },
    ["goog:chromeOptions"] = {
      args = { "--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
        "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--accept-lang=" .. (options.language or "en") },
      mobileEmulation = { deviceMetrics = {
        width = options.width, height = options.height, pixelRatio = 2,
        touch = true, mobile = true,
      } },
    },
  } } }
end

---@class spec.Browser
---@field private _pipe file*
---@field private _address string

local function try_to_start(options)
  local folder = shell.read("mktemp -d"):match("[^\n]+")
  local pipe = assert(io.popen(shell.command(RUN, folder), "w"))
  local self = setmetatable({ _pipe = pipe }, Browser)
  local ok, problem = pcall(function()
    self._address = "http://127.0.0.1:" .. wait_for_port(folder)
    local session = command(self, "POST", "/session", capabilities(options))
    self._address = self._address .. "/session/" .. session.sessionId
  end)
  if ok then return self end
  pipe:close()
  return nil, problem
end

--- Starts a browser that looks like a phone of this size and prefers
--- `language`. NB: the driver needs a port for IPv4 and for IPv6, but only
--- checks one of them.
---@param options { width: integer, height: integer, language?: string }
---@return spec.Browser
local function start(options)
  check_tools()
  local browser, problem
  for _ = 1, 5 do
    browser, problem = try_to_start(options)
    if browser then return browser end
  end
  error(problem, 0)
end

--- Loads a page and waits until it is there.
function methods:open(url)
  command(self, "POST", "/url", { url = url })
end

local function find(self, selector)
  local element = command(self, "POST", "/element",
    { using = "css selector", value = selector })
  return "/element/" .. element[ELEMENT]
end

-- Sends a command to an element; waits for the element, and finds it again if
-- the page replaces it meanwhile.
local function ask(self, method, selector, what, body)
  local ok, value
  repeat
    ok, value = pcall(function()
      return command(self, method, find(self, selector) .. what, body)
    end)
  until ok or not value:find("stale element", 1, true)
  if not ok then error(value, 0) end
  return value
end

--- Presses an element.
function methods:click(selector)
  ask(self, "POST", selector, "/click", {})
end

--- Types into an element; for a file picker, the path of a file.
function methods:type(selector, text)
  ask(self, "POST", selector, "/value", { text = text })
end

--- The visible text of an element.
---@return string
function methods:text(selector)
  return ask(self, "GET", selector, "/text")
end

--- The result of `return ...` in JavaScript: a scalar.
function methods:evaluate(expression)
  return command(self, "POST", "/execute/sync",
    { script = "return " .. expression, args = { 0 } })
end

local function devtools(self, name, params)
  command(self, "POST", "/goog/cdp/execute", { cmd = name, params = params })
end

--- Resizes the screen beyond a phone's.
function methods:resize(width, height)
  devtools(self, "Emulation.setDeviceMetricsOverride", { width = width,
    height = height, deviceScaleFactor = 1, mobile = false })
end

--- Sets the preferred scheme, light or dark.
---@param scheme "light"|"dark"
function methods:prefer(scheme)
  devtools(self, "Emulation.setEmulatedMedia", { features = {
    { name = "prefers-color-scheme", value = scheme },
  } })
end

--- A screenshot as the bytes of a PNG.
---@return string
function methods:screenshot()
  local mime = require "mime"
  return (mime.unb64(command(self, "GET", "/screenshot")))
end

--- Ends it; does nothing if it has ended.
function methods:stop()
  local pipe = self._pipe
  self._pipe = nil
  if not pipe then return end
  pcall(command, self, "DELETE", "")
  pipe:close()
end

return { start = start }
