-- The page of examples/openresty in a real browser, in front of the sandbox.
-- $YJ_SCREENSHOTS names a folder that takes a picture of each of its states.
local json = require "cjson"
local sandbox = require "yuanjing.sandbox"
local scripted = require "support.scripted"
local start_browser = require("support.browser").start
local start_studio = require("support.studio").start
local support = require "support"

-- nginx always runs LuaJIT: once is enough. Lua 5.4 runs the server's spec,
-- the other Lua this one.
if not rawget(_G, "jit") then return end

local WIDTH, HEIGHT = 390, 844
local SHIFT, ESCAPE = "\238\128\136", "\238\128\140" -- WebDriver's

local box, studio, browser

setup(function()
  box = assert(sandbox.start { latency = 0.01, task_seconds = 0.2 })
  studio = start_studio { url = box.url }
  browser = start_browser { width = WIDTH, height = HEIGHT,
    language = "zh-CN" }
end)

teardown(function()
  if browser then browser:stop() end
  if studio then studio:stop() end
  if box then box:stop() end
end)

after_each(support.clean)

-- A server for a single test.
local function start_other(options)
  local other = start_studio(options)
  finally(function() other:stop() end)
  return other
end

-- Opens a room in a fresh browser profile.
local function enter(room, url)
  browser:open((url or studio.url) .. "/seal.svg")
  browser:evaluate "localStorage.clear()"
  browser:open((url or studio.url) .. "/#" .. room)
end

local function await(expression)
  local ends = support.now() + 15
  repeat
    local value = browser:evaluate(expression)
    if value then return value end
    support.sleep(0.03)
  until support.now() > ends
  error("it never is so: " .. expression, 2)
end

-- Makes the page record the values of an expression, in `recorded`.
local function record(expression)
  browser:evaluate(([[(() => {
    window.recorded = [];
    new MutationObserver(() => {
      const value = %s;
      if (value && value !== recorded.at(-1)) recorded.push(value);
    }).observe(document.body, { subtree: true, childList: true });
  })()]]):format(expression))
end

-- Nothing is cut off horizontally, and nothing scrolls horizontally.
local function check_width(state)
  local wide = browser:evaluate "innerWidth"
  assert.equal(wide, browser:evaluate "document.documentElement.scrollWidth")
  assert.equal("", browser:evaluate [[
    [...document.querySelectorAll("main *, nav *, .language *")].filter((e) => {
      const box = e.getBoundingClientRect();
      return box.width > 0 && (box.left < -1 || box.right > innerWidth + 1);
    }).map((e) => e.outerHTML.slice(0, 80)).join()]])
  local folder = os.getenv("YJ_SCREENSHOTS")
  if not folder then return end
  support.write(("%s/%s.png"):format(folder, state), browser:screenshot())
end

local function excuse_of(selector)
  return browser:text(selector .. " .excuse strong"),
    browser:evaluate(('document.querySelector("%s .excuse").dataset.kind')
      :format(selector))
end

describe("the studio's page", function()
  it("shows an answer while it comes", function()
    enter("chat")
    record "document.querySelector('.coming .text')?.textContent"
    browser:type("#question", "讲一个月亮和猫的故事\n")
    browser:text(".answer footer")
    check_width("chat")
    assert.is_true(browser:evaluate
      "document.querySelector('.coming') == null")
    assert.is_true(browser:evaluate [[recorded.length > 3 &&
      recorded.every((text, i) => i == 0 || text.startsWith(recorded[i - 1]))]])
  end)

  it("sends the earlier messages along", function()
    enter("chat")
    for i, text in ipairs { "a", "b" } do
      browser:type("#question", text .. "\n")
      await(("document.querySelectorAll('.answer footer').length == %d")
        :format(i))
    end
    local seen = box:requests()
    local messages = json.decode(seen[#seen].body).messages
    assert.same({ "user", "a", "assistant", "user", "b" }, { messages[1].role,
      messages[1].content, messages[2].role, messages[3].role,
      messages[3].content })
  end)

  it("goes on with what was said after a reload, until a new chat", function()
    local function said(count)
      await(("document.querySelectorAll('.answer footer').length == %d")
        :format(count))
    end
    enter("chat")
    browser:type("#question", "我叫小明\n")
    said(1)
    browser:open(studio.url .. "/?reload#chat")
    said(1)
    assert.equal("我叫小明", browser:text(".question"))
    assert.is_true(browser:evaluate
      "document.querySelector('.greeting') == null")
    browser:type("#question", "我叫什么？\n")
    said(2)
    assert.equal("你叫小明。", browser:evaluate
      "[...document.querySelectorAll('.answer .text')].at(-1).textContent")
    check_width("resumed")
    browser:click("#new-chat")
    browser:type("#question", "我叫什么？\n")
    said(1)
    assert.equal("这个你还没有告诉我。", browser:text(".answer .text"))
    browser:click("#new-chat")
    browser:open(studio.url .. "/?again#chat")
    assert.equal("今天想聊点什么？", browser:text(".greeting h1"))
  end)

  it("ends an answer by Esc, and what it costs", function()
    local event = 'data: {"choices":[{"delta":{"content":"so"}}]}\n\n'
    local upstream = support.serve {
      routes = { ["/llmage/v1/chat/completions"] = {
        { "send", scripted.answer(200, { ["Transfer-Encoding"] = "chunked" })
          .. scripted.chunk(event) }, { "wait_close", 20 }, { "close" } } },
      default = { { "send", scripted.answer(404, {}, "") }, { "close" } },
    }
    local other = start_other { url = upstream.url }
    enter("chat", other.url)
    browser:type("#question", "x\n")
    await "document.querySelector('.answer .text')?.textContent == 'so'"
    browser:type("#question", ESCAPE)
    assert.equal("已停止", browser:text(".answer .stopped"))
    assert.truthy(upstream:wait_for(function()
      return upstream:connections().open == 0
    end, 10))
  end)

  it("marks an answer that its length limit has cut off", function()
    local upstream = support.serve {
      routes = { ["/llmage/v1/chat/completions"] = { { "send",
        scripted.answer(200, { ["Transfer-Encoding"] = "chunked" })
        .. scripted.chunked { 'data: {"choices":[{"delta":{"content":"so"},'
          .. '"finish_reason":"length"}]}\n\n', "data: [DONE]\n\n" } } } },
      default = { { "send", scripted.answer(404, {}, "") }, { "close" } },
    }
    local other = start_other { url = upstream.url }
    enter("chat", other.url)
    browser:type("#question", "x\n")
    assert.equal("达到长度上限，没有写完", browser:text(".answer .cut"))
  end)

  it("breaks a line by Shift and Enter", function()
    enter("chat")
    browser:type("#question", "a" .. SHIFT .. "\n" .. SHIFT .. "b")
    assert.equal("a\nb", browser:evaluate
      "document.querySelector('#question').value")
    assert.is_true(browser:evaluate
      "document.querySelector('.answer') == null")
  end)

  it("shows the marks of an answer", function()
    enter("chat")
    browser:type("#question", "**bold** `code` *half **half\n")
    browser:text(".answer footer")
    assert.equal("bold,code", browser:evaluate [[
      [...document.querySelectorAll(".answer .text :is(strong, code)")]
        .map((e) => e.textContent).join()]])
    assert.truthy(browser:text(".answer .text"):find("*half **half", 1, true))
    assert.equal("P:a\nb|H3:c|UL:de|OL:f|PRE:- g\n|P:h", browser:evaluate [[
      await import("./prose.js").then(({ prose }) =>
        prose("a\nb\n# c\n- d\n- e\n2. f\n```x\n- g\n\n```\nh")
          .map((e) => e.tagName + ":" + e.textContent).join("|"))]])
  end)

  it("shows messages literally, and runs none of them", function()
    local evil = "<img src=x onerror=hit=1>"
    enter("chat")
    browser:type("#question", evil .. "\n")
    assert.equal(evil, browser:text(".question"))
    browser:text(".answer footer")
    assert.truthy(browser:text(".answer .text"):find(evil, 1, true))
    enter("image")
    browser:type("#image-room textarea", evil)
    browser:click("#image-room .primary")
    assert.equal(evil, browser:text(".work .prompt"))
    assert.equal("undefined", browser:evaluate "typeof hit")
  end)

  it("makes an image", function()
    enter("image")
    check_width("image")
    browser:click("#image-room .primary")
    assert.equal("这一项需要填写", browser:text("#image-room .needed"))
    assert.equal("TEXTAREA", browser:evaluate "document.activeElement.tagName")
    browser:type("#image-room textarea", "一只猫坐在月亮上")
    record "document.querySelector('.work')?.dataset.status"
    browser:click("#image-room .primary")
    await "document.querySelector('.work img')?.naturalWidth > 0"
    assert.same({ "CREATED", "SUCCEEDED" }, {
      browser:evaluate "recorded[0]", browser:evaluate "recorded.at(-1)" })
    check_width("gallery")
    browser:click(".work .open")
    assert.is_true(browser:evaluate "document.querySelector('#viewer').open")
    browser:type("#viewer button", ESCAPE)
    assert.is_false(browser:evaluate "document.querySelector('#viewer').open")
    browser:click "[aria-label=再用一次这些设置]"
    assert.equal("一只猫坐在月亮上", browser:evaluate [[
      document.querySelector("#image-room textarea").value]])
    browser:open(studio.url .. "/?forget#gallery")
    browser:click "[aria-label=从列表中移除]"
    assert.equal("还没有作品", browser:text(".empty h2"))
    assert.equal("[]", browser:evaluate "localStorage['yuanjing.tasks']")
  end)

  it("makes a video from an image, and plays it", function()
    enter("video")
    browser:click("#video-room .tabs .chip:nth-child(2)")
    browser:type("#video-room textarea", "它慢慢转身")
    local picture = support.write(support.tempdir() .. "/cat.png",
      support.read("examples/love/talk.png"))
    browser:type("#video-room input[type=file]", picture)
    assert.equal("cat.png", browser:text("#video-room .name"))
    check_width("form")
    browser:click("#video-room .primary")
    await "document.querySelector('.work video')?.readyState >= 1"
    browser:evaluate [[(() => {
      const video = document.querySelector(".work video");
      video.muted = true;
      video.play();
    })()]]
    await "document.querySelector('.work video').currentTime > 0.2"
    local task = browser:evaluate "document.querySelector('.work').dataset.id"
    for _, seen in ipairs(box:requests()) do
      if seen.files and seen.files[1] then
        assert.same({ "image_file", "cat.png" },
          { seen.files[1].name, seen.files[1].filename })
      end
    end
    browser:open(studio.url .. "/?again#gallery")
    await(("document.querySelector('[data-id=\"%s\"] video') != null")
      :format(task))
  end)

  it("shows what another window has begun", function()
    enter("gallery")
    local function write(text)
      browser:evaluate(([[(() => {
        localStorage.setItem("yuanjing.tasks", '%s');
        dispatchEvent(new StorageEvent("storage", { key: "yuanjing.tasks" }));
      })()]]):format(text))
    end
    write '[{"id":"1","kind":"image","prompt":"x","error":{"kind":"io"}}]'
    assert.equal("x", browser:text(".work .prompt"))
    write "[]"
    assert.equal("还没有作品", browser:text(".empty h2"))
    assert.is_true(browser:evaluate "document.querySelector('.work') == null")
  end)

  it("has a form for each row of the catalog", function()
    enter("video")
    assert.equal("", browser:evaluate [[(() => {
      const wrong = [];
      const room = document.querySelector("#video-room");
      const select = room.querySelector("select");
      for (const tab of room.querySelectorAll(".tabs input")) {
        tab.click();
        for (const option of select.options) {
          select.value = option.value;
          select.dispatchEvent(new Event("change"));
          const fields = room.querySelectorAll(".fields > *").length;
          if (fields < 3) wrong.push(option.value);
          if (room.scrollWidth > room.clientWidth) {
            wrong.push(option.value + " is too wide");
          }
        }
      }
      return wrong.join();
    })()]])
    browser:click("#video-room .tabs .chip:nth-child(1)")
    local names = browser:evaluate [[(() => {
      const select = document.querySelector("#video-room select");
      select.value = "viduq3-pro";
      select.dispatchEvent(new Event("change"));
      return [...document.querySelectorAll("#video-room .fields [data-say]")]
        .map((e) => e.dataset.say).join();
    })()]]
    for _, name in ipairs { "prompt", "off_peak", "duration", "ratio",
      "resolution" } do
      assert.truthy(names:find(name, 1, true), name)
    end
    local range = "document.querySelector('#video-room [type=range]')."
    assert.same({ "1", "16", "10" }, { browser:evaluate(range .. "min"),
      browser:evaluate(range .. "max"), browser:evaluate(range .. "value") })
  end)

  it("speaks both languages", function()
    enter("chat")
    await [[document.documentElement.lang === "zh-CN"]]
    assert.equal("今天想聊点什么？", browser:text(".greeting h1"))
    browser:click("[data-language=en]")
    assert.equal("What is on your mind?", browser:text(".greeting h1"))
    assert.equal("Ask anything", browser:evaluate
      "document.querySelector('#question').placeholder")
    browser:open(studio.url .. "/?english#image")
    assert.equal("Make an image", browser:text("#image-room h2"))
    check_width("english")
    assert.equal("", browser:evaluate [[
      [...document.querySelectorAll("button, a, input, select, textarea")]
        .filter((e) => !(e.textContent.trim() || e.ariaLabel ||
          e.labels?.length || e.getAttribute("aria-label")))
        .map((e) => e.outerHTML).join()]])
  end)

  it("is kind about errors", function()
    local refused = start_other { url = box.url, key = "sk-wrong" }
    enter("chat", refused.url)
    browser:type("#question", "x\n")
    assert.same({ "工作室的密钥未被接受", "auth" }, { excuse_of(".answer") })
    check_width("auth")
    browser:click("[data-language=en]")
    assert.same({ "The studio's key is not accepted", "auth" },
      { excuse_of(".answer") })
    local words, kind
    local function ask_too_often()
      browser:evaluate [[Promise.all(Array.from({ length: 24 }, () =>
        fetch("chat", { method: "POST", body: "{}" }))).then(() => true)]]
      browser:click "#new-chat"
      browser:type("#question", "x\n")
      words, kind = excuse_of(".answer")
    end
    for _ = 1, 10 do -- one more is admitted each second
      local took = support.timed(ask_too_often)
      if took < 1 or kind == "rate_limit" then break end
    end
    assert.same({ "Too many at once", "rate_limit" }, { words, kind })
    refused:stop()
    browser:type("#question", "y\n")
    await "document.querySelectorAll('.excuse').length == 2"
    assert.equal("offline", browser:evaluate
      "document.querySelectorAll('.excuse')[1].dataset.kind")
  end)

  it("shows an error of a form, however long that is", function()
    local refused = start_other { url = box.url, key = "sk-wrong" }
    enter("video", refused.url)
    browser:type("#video-room textarea", "x")
    browser:click("#video-room .primary")
    assert.same({ "工作室的密钥未被接受", "auth" }, { excuse_of("#video-room") })
    local rect = 'document.querySelector("#video-room %s")' ..
      '.getBoundingClientRect().'
    await((rect .. "top > 0 && " .. rect .. "bottom < " .. rect .. "top")
      :format(".excuse", ".excuse", ".submit"))
    check_width("form-error")
  end)

  it("is kind about a task that failed", function()
    local function answer(text)
      return { { "send", scripted.answer(200, {}, text) } }
    end
    local upstream = support.serve { routes = {
      ["/llmage/v1/image/generations"] = answer '{"taskid":"7"}',
      ["/llmage/v1/tasks"] = answer [[
        {"status":"FAILED","error":"ERROR:<b>too wild</b>"}]] } }
    local other = start_other { url = upstream.url }
    enter("image", other.url)
    browser:type("#image-room textarea", "x")
    browser:click("#image-room .primary")
    assert.same({ "这次没有成功", "task_failed" }, { excuse_of(".work") })
    browser:click(".work summary")
    assert.truthy(browser:text(".work details p")
      :find("<b>too wild</b>", 1, true))
    check_width("failed")
  end)

  it("is dark on request, and uses a large screen", function()
    local colour = "getComputedStyle(document.body).backgroundColor"
    enter("image")
    browser:resize(1280, 800)
    browser:prefer("light")
    local light = browser:evaluate(colour)
    browser:prefer("dark")
    assert.not_equal(light, browser:evaluate(colour))
    assert.equal("还没有作品", browser:text(".empty h2"))
    check_width("desk")
    browser:prefer("light")
  end)
end)
