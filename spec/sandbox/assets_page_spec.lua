-- The verification page of the sandbox in a real browser, as large as a phone.
-- $YJ_SCREENSHOTS names a folder that takes a picture of each of its states.
local http = require "socket.http"
local json = require "yuanjing.base.json"
local ltn12 = require "ltn12"
local sandbox = require "yuanjing.sandbox"
local start_browser = require("support.browser").start
local support = require "support"

local WIDTH, HEIGHT = 390, 844

local server, browser

setup(function()
  server = assert(sandbox.start())
  browser = start_browser { width = WIDTH, height = HEIGHT }
end)

teardown(function()
  if browser then browser:stop() end
  local complaints = support.read(server.logs.error)
  server:stop()
  assert.equal("", complaints)
end)

local function post(endpoint, fields)
  local body, chunks = assert(json.encode(fields)), {}
  local ok, status = http.request {
    method = "POST", source = ltn12.source.string(body),
    url = ("%s/reallife_asset/api/%s.dspy"):format(server.asset_url, endpoint),
    headers = { Authorization = "Bearer sk-sandbox",
      ["Content-Type"] = "application/json", ["Content-Length"] = #body },
    sink = ltn12.sink.table(chunks),
  }
  assert.same({ 1, 200 }, { ok, status })
  return assert(json.decode(table.concat(chunks))).data
end

local function link(name, scenario)
  return post("rl_verify", { vendor = "volcengine", name = name,
    sandbox = scenario }).h5_link
end

local function groups()
  return post("rl_query_groups", {}).groups
end

local function has(text, words)
  assert.is_truthy(text:find(words, 1, true), text)
end

-- Nothing is cut off horizontally in any font; the button is large enough.
local function check_layout(state)
  assert.equal(WIDTH, browser:evaluate "innerWidth")
  assert.equal(WIDTH, browser:evaluate "document.documentElement.scrollWidth")
  for _, side in ipairs { "left", "right" } do
    local at = browser:evaluate(
      'document.querySelector("main").getBoundingClientRect().' .. side)
    assert.is_true(at >= 0 and at <= WIDTH, side)
  end
  local folder = os.getenv("YJ_SCREENSHOTS")
  local picture = browser:screenshot()
  assert.equal("\137PNG", picture:sub(1, 4))
  if folder then support.write(("%s/%s.png"):format(folder, state), picture) end
end

describe("the verification page in a browser", function()
  it("makes the group active when its button is pressed", function()
    local before = #groups()
    browser:open(link("张三"))
    has(browser:text("#open h1"), "真人认证\nVerify that it is you")
    assert.equal("张三", browser:text(".name"))
    check_layout("open")
    assert.equal(before, #groups())
    browser:click("#confirm")
    has(browser:text("#active"), "认证成功\nVerified")
    check_layout("active")
    local list = groups()
    assert.same({ before + 1, "张三", "active" },
      { #list, list[#list].name, list[#list].status })
  end)

  it("has a button for a finger, in view without scrolling", function()
    browser:open(link("x"))
    local box = 'document.querySelector("#confirm").getBoundingClientRect().'
    assert.is_true(browser:evaluate(box .. "height") >= 48)
    assert.is_true(browser:evaluate(box .. "width") >= 200)
    assert.is_true(browser:evaluate(box .. "bottom") <= HEIGHT)
  end)

  it("shows a name as it is, and runs none of it", function()
    local name = [[</p><script>hit=1</script><img src=x onerror=hit=2>"' &lt;]]
    browser:open(link(name))
    assert.equal(name, browser:text(".name"))
    assert.equal("undefined", browser:evaluate "typeof hit")
    browser:click("#confirm")
    browser:text("#active")
    assert.equal(name, browser:text(".name"))
    assert.equal("undefined", browser:evaluate "typeof hit")
  end)

  it("keeps a long name within its card", function()
    browser:open(link(("长"):rep(100) .. ("w"):rep(100)))
    check_layout("long")
  end)

  it("loads nothing else", function()
    local before = #server:requests()
    browser:open(link("x"))
    assert.equal(0,
      browser:evaluate 'performance.getEntriesByType("resource").length')
    support.sleep(0.2) -- a browser requests an icon by itself
    local paths = {}
    for i, seen in ipairs(server:requests()) do
      if i > before then paths[#paths + 1] = seen.path end
    end
    assert.same({ "/reallife_asset/api/rl_verify.dspy", "/reallife_asset/h5" },
      paths)
  end)

  it("turns by itself when its time is over", function()
    local before = #groups()
    browser:open(link("x", "verify=5"))
    assert.is_truthy(browser:text("#open"):find "expires in %d s")
    has(browser:text("#expired"), "链接已过期\nThis link has expired")
    check_layout("expired")
    assert.equal(before, #groups())
  end)

  it("is kind about a link that is used or not known", function()
    local address = link("x")
    browser:open(address)
    browser:click("#confirm")
    browser:text("#active")
    browser:open(address)
    has(browser:text("#used"), "链接已使用\nThis link has been used")
    check_layout("used")
    browser:open(address .. "0")
    has(browser:text("#unknown"), "链接无效\nThis link is not known")
    check_layout("unknown")
  end)

  it("reports a failure", function()
    local before = #groups()
    browser:open(link("x", "verify-fails"))
    browser:click("#confirm")
    has(browser:text("#failed"), "认证未通过\nNot verified")
    check_layout("failed")
    assert.equal(before, #groups())
  end)

  it("is dark on request", function()
    local colour = "getComputedStyle(document.body).backgroundColor"
    browser:prefer("light")
    browser:open(link("张三"))
    local light = browser:evaluate(colour)
    browser:prefer("dark")
    assert.not_equal(light, browser:evaluate(colour))
    check_layout("dark")
    browser:prefer("light")
  end)
end)

describe("the browser of the specs", function()
  it("reports what to install where it is missing", function()
    local shell = require "yuanjing.sandbox.shell"
    local read = shell.read
    shell.read = function() return "" end
    local ok, message = pcall(start_browser, { width = 1, height = 1 })
    shell.read = read
    assert.is_false(ok)
    assert.equal("spec/support/browser.lua needs chromium, which is not " ..
      "there; on Debian: apt install chromium chromium-driver, or .ci/setup " ..
      "test", message)
  end)
end)
