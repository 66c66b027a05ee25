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

local MARKDOWN = [[
## 标题

**注意：**这是**“重点”**，*斜体*，~~删除~~，`code`。见 [文档](https://example.com/a)，
或 https://example.com/b，都可以。

| 名称 | 数量 |
|:--|--:|
| **甲** | 1 |
| 乙 | 2 |

1. 第一
2. 第二
   - 里面

> 引用

---

```lua
if a < b then
  print(1)
end
```
]]

-- "hit" in each is seen by the reader, and `hit` is never set.
local EVIL = {
  script = "<script>hit=1</script>\n\n<SCRIPT SRC=//x.example/hit.js></SCRIPT>",
  handler = "<img src=x onerror=hit=1> <b onmouseover=hit=1>b</b>",
  link = "[a](javascript:hit=1) [b](JaVaScRiPt:hit=1) [c](\1javascript:hit=1) "
    .. "[d](data:text/html,hit) <javascript:hit=1> [e](vbscript:hit) [f]\n\n"
    .. "[f]: javascript:hit=1",
  entity = "[a](&#106;avascript:hit=1) [b](java&#x0A;script:hit=1) &lt;img "
    .. "src=x onerror=hit=1&gt;",
  svg = "<svg onload=hit=1><script>hit=1</script></svg>\n\n<svg><a "
    .. "xlink:href='javascript:hit=1'><text>hit</text></a></svg>",
  frame = "<iframe srcdoc='<script>hit=1</script>'></iframe><object data=hit>"
    .. "</object><style>@import 'hit'</style><math><mtext></mtext></math>",
  image = "![hit](https://x.example/?secret) ![b](x onerror=hit=1)",
  quote = "[hit](https://x.example/\"onmouseover=hit=1 'x\" onclick=hit=1')",
  fence = "```html\"onmouseover=hit=1\n<img src=x onerror=hit=1>\n```",
  table = "| a |\n|--|\n| <img src=x onerror=hit=1> |\n",
}

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
  local ends = support.now() + support.HANG
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
    assert.is_true(browser:evaluate [[recorded.length > 1 &&
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
          .. scripted.chunk(event) }, { "wait_close", 120 }, { "close" } } },
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
    end))
  end)

  it("marks an answer that was cut off, also after a reload", function()
    enter("chat")
    local reasons = { "length", "max_output_tokens", "content_filter", "stop" }
    for i, reason in ipairs(reasons) do
      box:answer("chat", { content = "so", finish_reason = reason })
      browser:type("#question", "x\n")
      await(("document.querySelectorAll('.answer footer').length == %d")
        :format(i))
    end
    for _ = 1, 2 do
      assert.equal("达到长度上限，没有写完|达到长度上限，没有写完|被内容过滤中止|",
        browser:evaluate [[[...document.querySelectorAll(".answer")].map((e) =>
          e.querySelector(".mark")?.textContent).join("|")
        ]])
      browser:open(studio.url .. "/?cut#chat")
      browser:text(".answer:nth-of-type(8) footer")
    end
  end)

  it("keeps an answer that a reload interrupts, and says so", function()
    box:answer("chat", { chunks = { "从前", "有一只猫", 20, "。" } })
    enter("chat")
    browser:type("#question", "讲个故事\n")
    await "document.querySelector('.answer .text')?.textContent == '从前有一只猫'"
    browser:open(studio.url .. "/?interrupted#chat")
    assert.same({ "讲个故事", "从前有一只猫", "已中断：页面被刷新或关闭" },
      { browser:text(".question"), browser:text(".answer .text"),
        browser:text(".answer .mark") })
    assert.is_true(browser:evaluate
      "document.querySelector('.coming, .divider') == null")
    check_width("interrupted")
    browser:click(".answer .again")
    await "document.querySelectorAll('.answer footer').length == 2"
    assert.equal("讲个故事", browser:evaluate
      "document.querySelectorAll('.question')[1].textContent")
  end)

  it("shows as interrupted what a browser that crashed has left", function()
    enter("chat")
    local function keep(age)
      browser:evaluate(([[localStorage.setItem("yuanjing.talk", JSON.stringify({
        id: "%s", dropped: 0, turns: [{ id: "1", question: "q", text: "half",
        reasoning: "", state: "coming", at: Date.now() - %d }] }))]]):format(
        ("a"):rep(32), age))
      browser:open(studio.url .. "/?crash=" .. age .. "#chat")
    end
    keep(0) -- another window may be reading it
    assert.equal("half", browser:text(".answer.coming .text"))
    keep(60000)
    assert.equal("已中断：页面被刷新或关闭", browser:text(".answer .mark"))
  end)

  it("keeps what fits, and tells what does not", function()
    enter("chat")
    assert.equal("100,20,true,3", browser:evaluate [[
      await import("./talk.js").then(({ put, load }) => {
        const turn = (i, text) => ({ id: `${i}`, question: "q", text,
          state: "done", at: 1 });
        const turns = Array.from({ length: 120 }, (_, i) => turn(i, "a"));
        put({ id: "0", turns, dropped: 0 });
        const many = load();
        put({ id: "0", dropped: 0, turns: [1, 2, 3, 4].map((i) =>
          turn(i, "x".repeat(400_000))) });
        return [many.turns.length, many.dropped, many.turns[0].id === "20",
          load().dropped].join();
      })]])
    browser:open(studio.url .. "/?bounded#chat")
    assert.equal("更早的 3 个问题不再保留", browser:text(".divider"))
    browser:evaluate [[(() => {
      Storage.prototype.setItem = () => { throw new Error("full"); };
    })()]]
    browser:click "#new-chat"
    browser:type("#question", "x\n")
    assert.equal("浏览器没有空间了，刷新后这次对话会丢失。",
      browser:text "#toast")
    browser:text(".answer footer")
  end)

  it("clears a chat, and undoes that", function()
    enter("chat")
    browser:type("#question", "我叫小明\n")
    browser:text(".answer footer")
    browser:click "#new-chat"
    assert.equal("今天想聊点什么？", browser:text(".greeting h1"))
    assert.is_true(browser:evaluate
      "localStorage.getItem('yuanjing.talk') == null")
    check_width("cleared")
    browser:click "#toast button"
    assert.equal("我叫小明", browser:text(".question"))
    browser:type("#question", "我叫什么？\n")
    await "document.querySelectorAll('.answer footer').length == 2"
    assert.equal("你叫小明。", browser:evaluate
      "[...document.querySelectorAll('.answer .text')].at(-1).textContent")
  end)

  it("says when the server has forgotten a conversation", function()
    enter("chat")
    browser:type("#question", "我叫小明\n")
    browser:text(".answer footer")
    browser:evaluate [[(() => {
      const talk = JSON.parse(localStorage["yuanjing.talk"]);
      talk.id = "b".repeat(32); // as if that nginx had begun anew
      localStorage["yuanjing.talk"] = JSON.stringify(talk);
    })()]]
    for _ = 1, 2 do -- it is said once
      browser:open(studio.url .. "/?forgotten#chat")
      assert.equal("已遗忘：下一个回答不知道以上内容",
        browser:text(".divider"))
      assert.equal(1, browser:evaluate
        "document.querySelectorAll('.divider').length")
    end
    check_width("forgotten")
  end)

  it("shows what another window asks, and its end", function()
    enter("chat")
    local function write(turn)
      browser:evaluate(([[(() => {
        localStorage.setItem("yuanjing.talk", JSON.stringify({ dropped: 0,
          id: "%s", turns: [{ id: "1", question: "q", reasoning: "",
            at: Date.now(), %s }] }));
        dispatchEvent(new StorageEvent("storage", { key: "yuanjing.talk" }));
      })()]]):format(("c"):rep(32), turn))
    end
    write [[text: "so", state: "coming"]]
    await "document.querySelector('.answer.coming .text')?.textContent == 'so'"
    write [[text: "so it **ends**", state: "done", tokens: 7]]
    assert.equal("7 个 token", browser:text(".answer footer"))
    assert.equal("so it ends", browser:text(".answer .text"))
    browser:evaluate [[(() => {
      localStorage.clear();
      dispatchEvent(new StorageEvent("storage", { key: null }));
    })()]]
    assert.equal("今天想聊点什么？", browser:text(".greeting h1"))
  end)

  it("fetches a conversation of which it knows the id alone", function()
    local id = ("e"):rep(32)
    studio:ask("/chat", { json = { prompt = "我叫小明", talk = id } })
    enter("chat")
    browser:evaluate(("localStorage.setItem('yuanjing.talk', '%s')"):format(id))
    browser:open(studio.url .. "/?id#chat")
    assert.equal("我叫小明", browser:text(".question"))
    assert.truthy(browser:text(".answer .text"):find("小明", 1, true))
  end)

  it("breaks a line by Shift and Enter", function()
    enter("chat")
    browser:type("#question", "a" .. SHIFT .. "\n" .. SHIFT .. "b")
    assert.equal("a\nb", browser:evaluate
      "document.querySelector('#question').value")
    assert.is_true(browser:evaluate
      "document.querySelector('.answer') == null")
  end)

  -- Asks, and is answered with this.
  local function answer(content)
    box:answer("chat", { content = content })
    enter("chat")
    browser:type("#question", "x\n")
    browser:text(".answer footer")
  end

  local function count(selector)
    return browser:evaluate(("document.querySelectorAll('.answer .text %s')"
      .. ".length"):format(selector))
  end

  it("shows an answer's Markdown", function()
    answer(MARKDOWN)
    local counts = {}
    for i, selector in ipairs { "h4", "strong", "em", "del", "table td",
      "ol > li", "ol ul > li", "blockquote", "hr", "pre code", "a" } do
      counts[i] = count(selector)
    end
    assert.same({ 1, 3, 1, 1, 4, 2, 1, 1, 1, 1, 2 }, counts)
    assert.equal("注意：", browser:text(".answer .text p strong"))
    assert.equal("https://example.com/a,_blank,noopener noreferrer",
      browser:evaluate [[[...document.querySelectorAll(".answer .text a")]
        .map((e) => [e.href, e.target, e.rel].join())[0]
      ]])
    assert.equal("https://example.com/b", browser:evaluate
      "document.querySelectorAll('.answer .text a')[1].href")
    check_width("markdown")
    browser:resize(1280, 800)
    check_width("markdown-desk")
    browser:prefer("dark")
    check_width("markdown-dark")
    browser:prefer("light")
    browser:resize(WIDTH, HEIGHT)
  end)

  it("copies the code alone, and the whole answer", function()
    answer(MARKDOWN)
    browser:evaluate [[(() => {
      navigator.clipboard.writeText = async (text) => { window.copied = text; };
    })()]]
    browser:click(".answer .code .copy")
    assert.equal("if a < b then\n  print(1)\nend\n",
      browser:evaluate "copied")
    browser:click(".answer footer .quiet")
    assert.equal(MARKDOWN, browser:evaluate "copied")
  end)

  it("shows the same, piece by piece and at once", function()
    enter("chat")
    assert.equal("", browser:evaluate(([[
      await import("./prose.js").then(({ Prose }) => %s.filter((text) => {
        const [all, some] = [1, 2].map(() =>
          new Prose(document.createElement("div")));
        all.add(text);
        for (const piece of text) {
          some.add(piece);
          some.paint();
        }
        [all, some].forEach((prose) => prose.finish());
        return all.element.innerHTML !== some.element.innerHTML;
      }).join("\n---\n"))]]):format(json.encode { MARKDOWN,
      "1. a\n\n2. b\n\n   c\n\nx\n2) y\n- z\n- é", "[a]\n\nb\n\nc\n\nd\n\n"
      .. "[a]: https://example.com", "a\n-\n- b\n\n```\nc\n\n\nd" })))
  end)

  it("makes no block anew that is over", function()
    box:answer("chat", { chunks = { "```\na\n```\n", "\nb\n\nc\n\nd\n\n", 0.2,
      "e\n\n", 0.3, "f" } })
    enter("chat")
    browser:type("#question", "x\n")
    await [[(window.first ??= document.querySelector(".answer pre")) != null]]
    browser:text(".answer footer")
    assert.equal("f", browser:text(".answer .text > :last-child"))
    assert.is_true(browser:evaluate
      "document.querySelector('.answer pre') === first")
  end)

  it("runs nothing of an answer, and hides nothing", function()
    enter("chat")
    local n = 0
    for name, evil in pairs(EVIL) do
      box:answer("chat", { content = evil })
      browser:type("#question", "x\n")
      n = n + 1
      await(("document.querySelectorAll('.answer footer').length == %d")
        :format(n))
      assert.truthy(browser:text(".answer:last-child .text"):find("hit", 1,
        true), name)
    end
    assert.equal("", browser:evaluate [[
      [...document.querySelectorAll(".answer .text *")].filter((e) =>
        e.matches("script, img, iframe, object, style, math, svg:not(.copy *)")
        || [...e.attributes].some(({ name, value }) => /^on|^style$/.test(name)
          || name === "href" && !/^(https?:|#i-)/.test(value)))
        .map((e) => e.outerHTML).join()]])
    assert.equal("undefined", browser:evaluate "typeof hit")
  end)

  it("would not run markup that came through, either", function()
    enter("chat")
    assert.equal("<p>a</p><p><a target=\"_blank\" "
      .. "rel=\"noopener noreferrer\">b</a></p>",
      browser:evaluate [[
        await import("./markdown.js").then(({ elementsOf }) => elementsOf([{
          type: "html", raw: "", block: true, text: '<p onclick="hit=1">a' +
            '<img src=x onerror=hit=1><svg onload=hit=1></svg></p><script>' +
            'hit=1<\/script><p><a href="javascript:hit=1">b</a></p>' }])
          .map((e) => e.outerHTML).join(""))]])
    assert.equal("undefined", browser:evaluate "typeof hit")
    assert.is_true(browser:evaluate [[(() => {
      try { document.createElement("p").innerHTML = "<b>x</b>"; }
      catch { return true; }
    })()]])
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

  it("keeps a task that is removed while it is made: it is paid for", function()
    box:answer("image", { seconds = 1 })
    enter("image")
    browser:type("#image-room textarea", "一只猫")
    browser:click("#image-room .primary")
    browser:text(".work .prompt")
    local id = browser:evaluate "document.querySelector('.work').dataset.id"
    local function remove()
      browser:click "[aria-label=从列表中移除]"
      assert.equal("还没有作品", browser:text(".empty h2"))
    end
    remove()
    assert.truthy(browser:text("#toast"):find("已移除，但仍在生成：一只猫", 1, true))
    check_width("removed")
    browser:click "#toast button"
    assert.equal(id, browser:evaluate
      "document.querySelector('.work').dataset.id")
    remove()
    browser:open(studio.url .. "/?removed#gallery")
    browser:click "#shelf summary"
    assert.truthy(browser:text("#shelf li"):find(id, 1, true))
    check_width("shelf")
    browser:click "#shelf button"
    await(("document.querySelector('[data-id=\"%s\"] img')?.naturalWidth > 0")
      :format(id))
    assert.is_true(browser:evaluate "document.querySelector('#shelf').hidden")
  end)

  it("drops from the shelf only what is over", function()
    enter("gallery")
    browser:evaluate [[(() => {
      const task = (i, over) => ({ id: `${i}`, kind: "image", prompt: "p", at: i,
        ...over });
      localStorage["yuanjing.removed"] = JSON.stringify([task(1),
        ...Array.from({ length: 110 }, (_, i) =>
          task(i + 2, { error: { kind: "io" } })), task(200)]);
      localStorage["yuanjing.tasks"] = JSON.stringify(
        [task(300, { status: "SUCCEEDED" })]);
    })()]]
    browser:open(studio.url .. "/?shelf#gallery")
    browser:click "[aria-label=从列表中移除]"
    assert.equal("已移除（102）", browser:text("#shelf summary"))
    assert.equal("300,1,200", browser:evaluate [[
      JSON.parse(localStorage["yuanjing.removed"])
        .filter(({ error }) => !error).map(({ id }) => id).join()]])
  end)

  it("asks whoever leaves before a task's id has come", function()
    local LEAVES = [[dispatchEvent(new Event("beforeunload",
      { cancelable: true }))]]
    enter("image")
    browser:type("#image-room textarea", "x")
    assert.is_true(browser:evaluate(LEAVES))
    browser:evaluate [[(() => {
      window.fetch = () => new Promise((answer) => { window.answer = answer; });
    })()]]
    browser:click("#image-room .primary")
    assert.is_false(browser:evaluate(LEAVES))
    browser:evaluate [[(() => {
      answer(Response.json({ id: "1", status: "CREATED" }));
    })()]]
    browser:text(".work .prompt")
    assert.is_true(browser:evaluate(LEAVES))
  end)

  it("shows the id of a task that the browser can not keep", function()
    enter("image")
    browser:evaluate [[(() => {
      Storage.prototype.setItem = () => { throw new Error("full"); };
    })()]]
    browser:type("#image-room textarea", "x")
    browser:click("#image-room .primary")
    browser:text(".work .prompt")
    local id = browser:evaluate "document.querySelector('.work').dataset.id"
    assert.equal("浏览器没有空间了，请记下任务 ID：" .. id,
      browser:text "#toast")
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
    browser:evaluate [[Promise.all(Array.from({ length: 24 }, () =>
      fetch("chat", { method: "POST", body: "{}" }))).then(() => true)]]
    -- one more is admitted each second: others take its place meanwhile
    browser:evaluate [[(window.others = setInterval(() =>
      fetch("chat", { method: "POST", body: "{}" }).catch(() => {}), 30))]]
    local words, kind
    for _ = 1, 10 do
      browser:click "#new-chat"
      browser:type("#question", "x\n")
      words, kind = excuse_of(".answer")
      if kind == "rate_limit" then break end
    end
    browser:evaluate "clearInterval(others)"
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
    local function always(text)
      return { { "send", scripted.answer(200, {}, text) } }
    end
    local upstream = support.serve { routes = {
      ["/llmage/v1/image/generations"] = always '{"taskid":"7"}',
      ["/llmage/v1/tasks"] = always [[
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
