-- The command as scripts use it: through pipes.
local catalog = require "yuanjing.generation.catalog"
local command = require "support.command"
local json = require "yuanjing.base.json"
local sandbox = require "yuanjing.sandbox"
local scripted = require "support.scripted"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"
local yuanjing = require "yuanjing"

local server

local function run(arguments) return command.run(server, arguments) end

-- A run without an error: its stdout. stderr must be empty.
local function output_of(arguments)
  return command.output_of(server, arguments)
end

local function json_of(arguments)
  arguments[#arguments + 1] = "--json"
  local text = output_of(arguments)
  assert.equal(1, select(2, text:gsub("\n", "\n")))
  return assert(json.decode(text))
end

-- A run with an error: returns its single line of stderr.
local function failed(status, arguments)
  return command.failed(server, status, arguments)
end

local function with_scenario(scenario, arguments)
  arguments[#arguments + 1] = "--extra"
  arguments[#arguments + 1] = "sandbox=" .. scenario
  return arguments
end

local function posts()
  local count = 0
  for _, seen in ipairs(server:requests()) do
    if seen.method == "POST" then count = count + 1 end
  end
  return count
end

local function last_post()
  local last
  for _, seen in ipairs(server:requests()) do
    if seen.method == "POST" then last = seen end
  end
  return last
end

local IMAGE = "wan2.2-t2i-plus"

describe("yuanjing", function()
  setup(function()
    server = assert(sandbox.start { latency = 0, task_seconds = 0 })
  end)
  teardown(function() server:stop() end)
  after_each(support.clean)

  describe("at first", function()
    it("shows three examples, and what to do without a key", function()
      local alone = command.run(nil, {})
      assert.same({ 0, "" }, { alone.status, alone.err })
      assert.equal(3, select(2, alone.out:gsub("\n  yuanjing ", "")))
      assert.is_truthy(alone.out:find("export YUANJING_API_KEY=", 1, true))
      assert.is_truthy(alone.out:find("`yuanjing sandbox`", 1, true))
      assert.is_nil(run({}).out:find("YUANJING_API_KEY", 1, true))
    end)

    it("prints what to do when there is no key", function()
      local line = failed(3, { "chat", "hi", env = { YUANJING_API_KEY = "" } })
      assert.is_truthy(line:find("export YUANJING_API_KEY=", 1, true), line)
      assert.is_truthy(line:find("`yuanjing sandbox`", 1, true), line)
    end)

    it("takes no key as an option, and explains why", function()
      for _, option in ipairs { "--key", "--api-key" } do
        local line = failed(2, { "chat", option, "sk-1234", "hi" })
        assert.is_truthy(line:find("everybody on this machine", 1, true), line)
        assert.is_nil(line:find("sk-1234", 1, true))
      end
    end)

    it("knows what was meant, in one line", function()
      local line = failed(2, { "video", "--durtion", "5", "x" })
      assert.is_truthy(line:find("Did you mean '--duration'", 1, true), line)
      assert.is_truthy(line:find("`yuanjing video --help`", 1, true), line)
      line = failed(2, { "--lang", "en", "video", "--durtion", "5", "x" })
      assert.is_truthy(line:find("`yuanjing video --help`", 1, true), line)
      assert.is_truthy(failed(2, { "vdeo" }):find("--help", 1, true))
    end)
  end)

  describe("exit statuses", function()
    local CASES = {
      ["bad-request"] = 2, unauthorized = 3, balance = 4,
      ["server-error"] = 5, ["error-text"] = 7, ["error-html=200"] = 9,
      close = 10,
    }
    for scenario, status in pairs(CASES) do
      it(("%d for %s"):format(status, scenario), function()
        local _, ran = failed(status,
          with_scenario(scenario, { "chat", "hi", "--json" }))
        local printed_json = assert(json.decode(ran.out)).error
        assert.equal(status, printed_json.exit)
        assert.is_truthy(ran.err:find("yuanjing: " .. printed_json.kind, 1, true))
      end)
    end

    it("11 when stdout does not take it", function()
      for _, words in ipairs { { "chat", "hi" }, { "chat", "hi", "--stream" },
        { "models", "--json" }, { "catalog" } } do
        words.out = "/dev/full"
        local line = failed(11, words)
        assert.is_truthy(line:find("stdout: No space left", 1, true), line)
      end
    end)

    it("8 where no server listens, and points to the doctor", function()
      local line = failed(8, { "models", "--base-url", "http://127.0.0.1:1" })
      assert.is_truthy(line:find("`yuanjing doctor`", 1, true), line)
    end)
  end)

  describe("chat", function()
    it("reports that its length limit has cut an answer", function()
      for _, more in ipairs { { "--stream" }, { "--json" }, {} } do
        local ran = run(with_scenario("finish=length", { "chat", "hi",
          more[1] }))
        assert.equal(12, ran.status)
        assert.equal("yuanjing: the answer is cut off at its length limit "
          .. "(length); `--extra max_tokens=...` asks for more\n", ran.err)
        assert.truthy(#ran.out > 10)
      end
    end)

    it("goes on with a conversation after such an answer", function()
      local ran = run(with_scenario("finish=length; times=1", { "chat", "-i",
        stdin = "one\ntwo\n" }))
      assert.equal(0, ran.status)
      assert.equal(1, select(2, ran.err:gsub("cut off", "")))
      assert.truthy(ran.out:find("two", 1, true), ran.out)
    end)

    it("prints the answer", function()
      local printed = output_of { "chat", "-m", "qwen3-max", "你是谁" }
      assert.is_truthy(printed:find("^我是元境沙箱里的.+\n$"), printed)
    end)

    it("reads stdin, alone or in the place of -", function()
      local echo = "sandbox=echo"
      assert.equal("从管道来\n", output_of { "chat", "--extra", echo,
        stdin = "从管道来\n\n" })
      assert.equal("Review: \ndiff\n this\n", output_of { "chat", "Review:", "-",
        "this", "--extra", echo, stdin = "diff\n" })
    end)

    it("does not read stdin unless it is asked to", function()
      assert.equal("hi\n", output_of { "chat", "hi", "--extra", "sandbox=echo",
        stdin = "not this" })
    end)

    it("prints the whole reply as JSON", function()
      local reply = json_of { "chat", "hi" }
      assert.equal("qwen3-max", reply.model)
      assert.equal("stop", reply.ended_by)
      assert.is_truthy(reply.content:find("Hello", 1, true))
      assert.is_true(reply.usage.total_tokens > 0)
    end)

    it("sends what it was given, numbers as numbers", function()
      output_of { "chat", "-s", "简短", "hi", "--extra", "temperature=0.5",
        "--extra", "user=me" }
      local sent = json.decode(last_post().body)
      assert.same({ "简短", 0.5, "me", "hi" }, { sent.sys_prompt,
        sent.temperature, sent.user, sent.prompt })
      assert.is_false(sent.stream)
    end)

    it("keeps what came of a stream that breaks off", function()
      local whole = output_of { "chat", "hi", "--stream" }
      local ran = run(with_scenario("cut", { "chat", "hi", "--stream" }))
      assert.equal(9, ran.status)
      local half = ran.out:gsub("\n$", "")
      assert.is_true(#half > 0 and #half < #whole)
      assert.equal(half, whole:sub(1, #half))
    end)

    it("is a conversation of all lines", function()
      local printed = output_of { "chat", "-i", "-s", "简短", stdin = "一\n\n二\n" }
      assert.equal(2, select(2, printed:gsub("\n", "")))
      local sent = json.decode(last_post().body).messages
      assert.same({ "system", "user", "assistant", "user" },
        { sent[1].role, sent[2].role, sent[3].role, sent[4].role })
      assert.same({ "一", "二" }, { sent[2].content, sent[4].content })
      assert.is_truthy(printed:find(sent[3].content, 1, true))
    end)
  end)

  describe("chat", function()
    it("goes on with a conversation that is kept in a file", function()
      local path = support.tempdir() .. "/talk.json"
      output_of { "chat", "-m", "qwen-plus", "-s", "简短", "--keep", path,
        stdin = "一\n" }
      output_of { "chat", "--keep", path, stdin = "二\n" }
      local sent = json.decode(last_post().body)
      assert.equal("qwen-plus", sent.model)
      assert.same({ "简短", "一", "二" }, { sent.messages[1].content,
        sent.messages[2].content, sent.messages[4].content })
      local kept = json.decode(support.read(path))
      assert.same({ 5, 2 }, { #kept.messages, #kept.ledger })
      support.write(path, "broken")
      local ran = run { "chat", "--keep", path, stdin = "三\n" }
      assert.is_true(ran.status ~= 0)
      assert.equal("broken", support.read(path))
    end)

    it("looks at a picture, on a line of its own", function()
      local path = support.tempdir() .. "/a.png"
      support.write(path, "\137PNG\r\n\26\n" .. ("\0"):rep(20))
      output_of { "chat", "-i", stdin = "/image " .. path .. "\n图里有什么\n" }
      local content = json.decode(last_post().body).messages[1].content
      assert.equal("图里有什么", content[1].text)
      assert.truthy(content[2].image_url.url:find "^data:image/png;base64,")
    end)

    it("prints the JSON that fits a schema", function()
      local path = support.write(support.tempdir() .. "/schema.json",
        '{"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}}')
      assert.equal('{"n":7}\n', output_of { "chat", "--schema", path,
        '{"n":7}', "--extra", "sandbox=echo" })
      local ran = run { "chat", "--schema", path, '{"n":"x"}', "--extra",
        "sandbox=echo" }
      assert.is_true(ran.status ~= 0)
      assert.truthy(ran.err:find('n: expected integer, got string "x"', 1, true))
      ran = run { "chat", "--schema", path .. ".none", "q" }
      assert.truthy(ran.err:find("No such file", 1, true))
    end)
  end)

  describe("image and video", function()
    it("print the address, or save the file and print its name", function()
      local url = output_of { "image", "-m", IMAGE, "猫" }
      assert.is_truthy(url:find("^http://[^\n]+%.png\n$"), url)
      local path = support.tempdir() .. "/猫.png"
      assert.equal(path .. "\n", output_of { "image", "-m", IMAGE, "猫", "-o", path })
      assert.is_truthy(support.read(path):find("^\137PNG"))
    end)

    it("save each of several files", function()
      local folder = support.tempdir()
      local names = output_of(with_scenario("result-many=3", { "image", "-m", IMAGE,
        "猫", "-o", folder .. "/cat.png" }))
      assert.equal(("%s/cat.png\n%s/cat-2.png\n%s/cat-3.png\n")
        :format(folder, folder, folder), names)
      for name in names:gmatch("[^\n]+") do
        assert.is_truthy(support.read(name):find("^\137PNG"))
      end
    end)

    it("save into a folder by the platform's name for the first", function()
      local folder = support.tempdir()
      local names = output_of(with_scenario("result-many=2", { "image", "-m", IMAGE,
        "猫", "-o", folder }))
      assert.equal(("%s/image.png\n%s/image-2.png\n"):format(folder, folder),
        names)
    end)

    it("send what their options request", function()
      local frame = support.write(support.tempdir() .. "/a.png",
        "\137PNG\r\n\26\n" .. ("x"):rep(100))
      local made = json_of { "video", "-m", "viduq3-pro", "从白天到夜晚",
        "--first-frame", frame, "--last-frame", frame, "--off-peak",
        "--duration", "5", "--resolution", "720P" }
      assert.same({ "i2v", "SUCCEEDED" }, { made.category, made.status })
      assert.is_truthy(made.videos[1]:find("%.mp4$"))
      local sent = last_post()
      assert.same({ "Y", "5", "720p" }, { sent.fields.off_peak,
        sent.fields.duration, sent.fields.resolution })
      assert.same({ "image_file1", "image_file2" },
        { sent.files[1].name, sent.files[2].name })
    end)

    it("take a list of references", function()
      local folder = support.tempdir()
      local words = { "video", "-m", "happyhorse-1.0-r2v", "x", "--no-wait" }
      for i = 1, 3 do
        words[#words + 1] = "--reference-image"
        words[#words + 1] = support.write(folder .. "/" .. i .. ".png",
          "\137PNG\r\n\26\n" .. i)
      end
      output_of(words)
      assert.equal(3, #last_post().files)
    end)

    it("take assets and addresses among them, in their order", function()
      local picture = support.write(support.tempdir() .. "/1.png",
        "\137PNG\r\n\26\n1")
      local shown = output_of { "video", "-m", "happyhorse-1.0-r2v", "x",
        "--reference-image", "asset://a-1", "--reference-image", picture,
        "--reference-image", "https://a.example/3.png", "--dry-run" }
      assert.is_truthy(shown:find("image_files: asset://a-1\nimage_files: "
        .. "<1.png, image/png, 9 bytes>\nimage_files: "
        .. "https://a.example/3.png\n", 1, true), shown)
    end)

    it("send what the catalog does not know on request", function()
      local words = { "video", "-m", "viduq3-pro", "x", "--ratio", "21:9",
        "--dry-run" }
      local line = failed(2, words)
      assert.is_truthy(line:find("`--no-validate` sends it", 1, true), line)
      words[#words + 1] = "--no-validate"
      assert.is_truthy(output_of(words):find('"ratio":"21:9"', 1, true))
    end)

    it("do not make a video of an image with the legacy API", function()
      local line = failed(2, { "image", "x", "--api", "legacy", "--extra",
        "llmid=CrEMkFQfRCmbmopZsCqLj" })
      assert.is_truthy(line:find("the legacy wire makes no images", 1, true))
    end)

    it("report a success without a file, and missing files", function()
      for _, words in ipairs { { "image", "-m", IMAGE, "猫" },
        { "image", "-m", IMAGE, "猫", "-o", support.tempdir() .. "/a.png" } } do
        local line = failed(7, with_scenario("result-reason=no face", words))
        assert.is_truthy(line:find("no face", 1, true), line)
      end
      local path = support.tempdir() .. "/a.png"
      local line, ran = failed(7, with_scenario("result-partial=no face",
        { "image", "-m", IMAGE, "猫", "-o", path }))
      assert.equal(path .. "\n", ran.out)
      assert.is_truthy(line:find("not all of it came: ", 1, true), line)
      assert.is_truthy(line:find("no face", 1, true), line)
      assert.is_truthy(support.read(path):find("^\137PNG"))
    end)

    it("wait for a task that is not known yet", function()
      local id = output_of(with_scenario("query-not-exist=2",
        { "image", "-m", IMAGE, "猫", "--no-wait" })):match("%d+")
      assert.is_truthy(output_of { "task", id, "--await" }:find("%.png\n$"))
    end)

    it("have an option for all that the catalog has", function()
      local skipped = { model = true, catelogid = true, llmid = true,
        prompt = true }
      local help = { image = output_of { "image", "--help" },
        video = output_of { "video", "--help" } }
      for _, row in ipairs(catalog) do
        for _, param in ipairs(row.params) do
          local name = param.role or param.alias or param.name
          local option = "--" .. name:gsub("_", "-"):gsub("^(ref.*)s$", "%1")
          assert.is_truthy(skipped[name]
            or help[row.kind]:find("\n   " .. option, 1, true), option)
        end
      end
    end)

    it("refuse all that is wrong before anything is sent", function()
      local before = posts()
      local line = failed(2, { "video", "-m", "viduq3-pro", "x",
        "--resolution", "721p", "--duration", "99" })
      assert.is_truthy(line:find('--resolution: "721p" is not', 1, true), line)
      assert.is_truthy(line:find("--duration: 99 is not from", 1, true), line)
      line = failed(2, { "video", "-m", "happyhorse-1.0-r2v", "x",
        "--reference-image", "no-1", "--reference-image", "no-2" })
      assert.is_truthy(line:find("--reference-image[2]: no-2", 1, true), line)
      assert.equal(before, posts())
    end)

    it("do not pay for what they can not save", function()
      local before = posts()
      local line = failed(11, { "image", "-m", IMAGE, "猫", "-o",
        support.tempdir() .. "/no/such/cat.png" })
      assert.is_truthy(line:find("nothing was sent", 1, true), line)
      assert.equal(before, posts())
    end)

    it("do not pay for what is no place for a file", function()
      local before, folder = posts(), support.tempdir()
      os.execute(("cd '%s'; mkfifo pipe; ln -s /dev/null null; touch file")
        :format(folder))
      local names = support.output("ls -l " .. folder)
      for name, problem in pairs { pipe = "it is a pipe",
        null = "it is a device", ["file/"] = "Not a directory",
        [("y"):rep(300)] = "File name too long" } do
        local line = failed(11, { "image", "-m", IMAGE, "猫", "-o",
          folder .. "/" .. name })
        assert.is_truthy(line:find(problem, 1, true), line)
        assert.is_truthy(line:find("nothing was sent", 1, true), line)
      end
      failed(11, { "image", "-m", IMAGE, "猫", "-o", "-", "--json" })
      assert.equal(before, posts())
      assert.equal(names, support.output("ls -l " .. folder))
    end)

    it("do not pay where a name is empty", function()
      local before = posts()
      local prompts = support.tempdir() .. "/prompts"
      support.write(prompts, "猫\n")
      for _, arguments in ipairs { { "image", "-m", IMAGE, "猫", "-o", "" },
        { "batch", "-m", IMAGE, prompts, "-o", "" }, { "task", "" },
        { "batch", "-m", IMAGE, prompts, "--journal", "" },
        { "tasks", "--journal", "" }, { "assets", "status", "" } } do
        assert.is_truthy(failed(2, arguments)
          :find("a name is expected, not ''", 1, true))
      end
      assert.equal(before, posts())
    end)

    it("make a folder where a slash asks for one", function()
      local folder = support.tempdir() .. "/a/b/"
      assert.equal(folder .. "image.png\n",
        output_of { "image", "-m", IMAGE, "猫", "-o", folder })
    end)

    it("send the file to stdout, by whatever name", function()
      local id = output_of({ "image", "-m", IMAGE, "猫", "--no-wait" }):match("%d+")
      local link = support.tempdir() .. "/link"
      os.execute(("ln -s /proc/self/fd/1 '%s'"):format(link))
      for _, name in ipairs { "-", "/dev/stdout", link } do
        local bytes = output_of { "task", id, "-o", name }
        assert.is_truthy(bytes:find("^\137PNG.*IEND....$"), name)
      end
      assert.is_false(support.exists "-")
      local line, ran = failed(9, with_scenario("file-html",
        { "image", "-m", IMAGE, "猫", "-o", "-" }))
      assert.is_truthy(line:find("in place of the file", 1, true), line)
      assert.equal("", ran.out)
    end)

    it("save what can be saved, and name what can not", function()
      local function file(status, bytes)
        return { { "send", scripted.answer(status, {}, bytes) } }
      end
      local door = support.serve { routes = { ["/1.png"] = file(200, "one"),
        ["/2.png"] = file(404, "gone"), ["/3.png"] = file(200, "three") } }
      local images = { door.url .. "/1.png", door.url .. "/2.png",
        door.url .. "/3.png" }
      local printed_json = scripted.answer(200, {}, assert(json.encode {
        status = "SUCCEEDED", image = images }))
      local platform = support.serve { default = { { "repeat", 9,
        { { "request" }, { "send", printed_json } } } } }
      local folder = support.tempdir()
      local function save(...)
        return command.run({ api_key = "k", url = platform.url,
          asset_url = platform.url }, { "task", "7", "-o",
          folder .. "/cat.png", ... })
      end
      local ran = save()
      assert.same({ 6, ("%s/cat.png\n%s/cat-3.png\n"):format(folder, folder) },
        { ran.status, ran.out })
      assert.is_truthy(ran.err:find("image 2 was not saved: ", 1, true), ran.err)
      assert.is_truthy(ran.err:find("2 of 3 files were saved", 1, true), ran.err)
      assert.same({ "one", "three" }, { support.read(folder .. "/cat.png"),
        support.read(folder .. "/cat-3.png") })
      assert.same({ folder .. "/cat.png", folder .. "/cat-3.png" },
        assert(json.decode(save("--json").out)).error.files)
    end)

    it("leave a task to be fetched another time", function()
      local id = output_of { "image", "-m", IMAGE, "猫", "--no-wait" }
      assert.is_truthy(id:find("^%d+\n$"), id)
      id = id:match("%d+")
      local stands = output_of { "task", id }
      assert.is_truthy(stands:find("^task    " .. id .. "\nstatus  SUCCEEDED\n"
        .. "image   http"), stands)
      local path = support.tempdir() .. "/late.png"
      local printed_json = json_of { "task", id, "-o", path }
      assert.same({ id, { path } }, { printed_json.id, printed_json.files })
      assert.is_truthy(support.read(path):find("^\137PNG"))
    end)

    it("end with 7 when the task fails, with 6 when it is unknown", function()
      local line = failed(7, with_scenario("task-fails=no cats",
        { "image", "-m", IMAGE, "猫" }))
      assert.is_truthy(line:find("no cats", 1, true), line)
      failed(6, { "task", "12345" })
    end)

    it("print how to go on when the wait is over", function()
      local line, ran = failed(8, with_scenario("task-never",
        { "image", "-m", IMAGE, "猫", "--wait", "0.2", "--json" }))
      local id = assert(json.decode(ran.out)).error.task.id
      assert.is_truthy(line:find("yuanjing task " .. id .. " --await", 1, true),
        line)
    end)

    it("use the legacy API", function()
      local made = json_of { "video", "--api", "legacy", "-m", "viduq3-pro",
        "夜晚" }
      assert.equal("SUCCEEDED", made.status)
      assert.equal("/llmage/tasks", last_post().path)
    end)

    it("end by SIGTERM without half a file", function()
      local folder = support.tempdir()
      local killer = shell.command([[
        "$@" & first=$!
        while ! ls ]] .. folder .. [[/*.part; do sleep 0.05; done >/dev/null 2>&1
        kill -TERM $first
        wait $first ]])
      local ran = run(with_scenario("size=2000000; file-slow=20", { "image",
        "-m", IMAGE, "猫", "-o", folder .. "/cat.png",
        before = killer:gsub("^exec ", "") }))
      assert.equal(143, ran.status)
      assert.is_truthy(ran.err:find("interrupted; the task goes on: "
        .. "yuanjing task %d+ %-o "), ran.err)
      assert.equal("", support.output("ls " .. folder))
    end)
  end)

  describe("sandbox", function()
    it("prints its address as JSON, and ends by Ctrl-C", function()
      local ran = command.run(nil, { "sandbox", "--json",
        before = "python3 spec/support/interrupted.py" })
      assert.same({ 0, "" }, { ran.status, ran.err })
      local printed_json = assert(json.decode(ran.out))
      assert.is_truthy(printed_json.url:find("^http://127%.0%.0%.1:%d+$"))
      assert.same({ printed_json.url, "sk-sandbox" }, { printed_json.asset_url, printed_json.api_key })
    end)
  end)

  describe("models and catalog", function()
    it("list, as text and as JSON", function()
      local plain = output_of { "models", "--category", "t2i" }
      local listed = json_of { "models", "--category", "t2i" }.models
      assert.equal(plain, table.concat(listed, "\n") .. "\n")
      assert.equal('{"models":[]}\n', output_of { "models", "--category", "none",
        "--json" })
    end)

    it("show what a model takes", function()
      local shown = output_of { "catalog", "viduq3-pro" }
      assert.is_truthy(shown:find("\n  %-%-first%-frame +yes +file\n"), shown)
      assert.is_truthy(shown:find("\n  %-%-duration +10 +1 to 16\n"), shown)
      assert.equal(2, #json_of({ "catalog", "viduq3-pro" }).models)
      assert.is_truthy(output_of({ "catalog" }):find("viduq3%-pro +video +t2v i2v"))
    end)

    it("know a model by a part of its name", function()
      local line = failed(6, { "catalog", "vidu" })
      assert.is_truthy(line:find("did you mean viduq3-pro", 1, true), line)
    end)
  end)

  describe("assets", function()
    local function verified_group()
      local begun = json_of { "assets", "verify", "--name", "张三",
        "--no-wait" }
      local client = yuanjing.new { base_url = server.url, api_key = "none" }
      assert(client:request { method = "POST",
        path = assert(begun.h5_link:match("^http://[^/]+(/.*)$")) })
      local groups = json_of { "assets", "groups" }.groups
      return groups[#groups].vendor_group_id
    end

    it("come from a group, and are saved", function()
      assert.equal('{"groups":[]}\n', output_of { "assets", "groups", "--json" })
      local group, folder = verified_group(), support.tempdir()
      local bytes = "\137PNG\r\n\26\n" .. ("x"):rep(1000)
      local photo = support.write(folder .. "/a.png", bytes)
      local asset = json_of { "assets", "upload", "--group", group, photo,
        "--name", "模特" }
      assert.same({ "Active", "模特" }, { asset.status, asset.name })
      local listed = json_of { "assets", "list", "--group", group }
      assert.same({ 1, asset.id }, { listed.total, listed.assets[1].id })
      assert.is_truthy(output_of({ "assets", "list", "--group", group })
        :find(asset.vendor_asset_id, 1, true))
      output_of { "assets", "status", "-o", folder .. "/b.png", "--", asset.id }
      assert.is_true(bytes == support.read(folder .. "/b.png"))
    end)

    it("explains how to give an id that begins with -", function()
      local printed = failed(2, { "assets", "status", "-J2c_x4fTq-8Ls" })
      assert.is_truthy(printed:find("behind --: -- -J2c_x4fTq-8Ls", 1, true), printed)
    end)

    it("fail with words", function()
      failed(6, { "assets", "status", "no-such" })
      failed(6, { "assets", "list", "--group", "no-such" })
      failed(2, { "assets", "list" })
    end)
  end)

  describe("doctor", function()
    it("prints how far it gets, with no secret in it", function()
      local printed = output_of { "doctor", env = {
        https_proxy = "http://me:secret@127.0.0.1:9" } }
      for _, word in ipairs { "libcurl/", "TLS", "me", "secret", "key accepted",
        "answered", "set, 10 characters" } do
        local is_secret = word == "me" or word == "secret"
        assert.equal(not is_secret, printed:find("%f[%w]" .. word) ~= nil, word)
      end
      assert.is_nil(printed:find(server.api_key, 1, true))
      assert.is_truthy(printed:find("***@127.0.0.1:9", 1, true), printed)
    end)

    local function step_that_fails(arguments)
      arguments[#arguments + 1] = "--json"
      local ran = run(arguments)
      local steps = assert(json.decode(ran.out)).hosts[1].steps
      return steps[#steps].name, ran.status
    end

    it("shows what it verifies certificates against, and what named that",
      function()
        local function store(file, ...)
          local printed = output_of { "doctor", env = { CURL_CA_BUNDLE = "",
            SSL_CERT_FILE = file, SSL_CERT_DIR = "" }, ... }
          return (printed:match("certificates +([^\n]*)"))
        end
        assert.truthy(store(""):find("^/.* %(the system's%)$"))
        assert.equal("/none.pem (environment)", store "/none.pem")
        assert.equal("/mine.pem (--ca-file)",
          store("/none.pem", "--ca-file", "/mine.pem"))
      end)

    it("names the step that fails", function()
      local tls = server.url:gsub("http", "https")
      local cases = {
        { "name looked up", 8, "http://no-such-host.invalid" },
        { "connected", 8, "http://127.0.0.1:1" },
        { "encrypted", 8, tls },
      }
      for _, case in ipairs(cases) do
        local name, status = step_that_fails { "doctor", "--base-url", case[3] }
        assert.same({ case[1], case[2] }, { name, status })
      end
      assert.same({ "key accepted", 3 }, { step_that_fails { "doctor",
        env = { YUANJING_API_KEY = "sk-wrong" } } })
    end)
  end)

  describe("-v", function()
    it("prints what goes out and comes in, without the key", function()
      local ran = run { "chat", "hi", "-v" }
      assert.is_truthy(ran.err:find("> POST " .. server.url, 1, true), ran.err)
      assert.is_truthy(ran.err:find("\n< 200 in [%d.]+ s %(ms: name "), ran.err)
      assert.is_nil(ran.err:find(server.api_key, 1, true))
      ran = run { "chat", "hi", "-v", "--stream" }
      assert.is_truthy(ran.err:find("\n< whole in [%d.]+ s, %d+ tokens\n"),
        ran.err)
    end)
  end)

  describe("--dry-run", function()
    it("sends nothing and shows the request, redacted", function()
      local before = #server:requests()
      local shown = output_of { "image", "-m", IMAGE, "猫", "--dry-run" }
      assert.is_truthy(shown:find("/llmage/v1/image/generations", 1, true))
      assert.is_truthy(shown:find("猫", 1, true))
      assert.is_nil(shown:find(server.api_key, 1, true))
      local described = json_of { "chat", "hi", "--dry-run" }
      assert.equal("POST", described.method)
      for _, words in ipairs { { "models" }, { "task", "1" }, { "assets",
        "groups" }, { "assets", "verify" }, { "assets", "status", "1" },
        { "doctor" } } do
        words[#words + 1] = "--dry-run"
        output_of(words)
      end
      assert.equal(before, #server:requests())
    end)
  end)

  describe("completion", function()
    local function offered(line)
      local script = support.write(support.tempdir() .. "/c",
        output_of { "completion", "bash" })
      return support.output(("bash -c '. %s; COMP_WORDS=(%s); "
        .. "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _yuanjing; "
        .. "echo \"${COMPREPLY[*]}\"'"):format(script, line))
    end

    it("offers commands, options and models in bash", function()
      assert.equal("chat", offered "yuanjing ch")
      assert.equal("--first-frame", offered "yuanjing video --first")
      assert.equal("viduq3-pro", offered "yuanjing video --model vid")
      assert.equal("verify", offered "yuanjing assets ver")
    end)

    it("is there for zsh and fish", function()
      assert.is_truthy(output_of({ "completion", "zsh" }):find("^#compdef yuanjing"))
      assert.is_truthy(output_of({ "completion", "fish" }):find("__fish_yuanjing"))
      failed(2, { "completion", "tcsh" })
    end)
  end)
end)
