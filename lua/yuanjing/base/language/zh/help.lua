--- The command's help in Chinese: what `yuanjing --help` and
-- `yuanjing COMMAND --help` print.
local ALL_OUTPUTS = "可以是文件、文件夹、末尾带 / 的新文件夹，或用 - 表示标准输出"
local NOT_CONFIRMED = "依据平台公开的源代码实现，尚未在线上验证。"

return {
  -- All commands
  ["The 元境 platform from the command line."] = "在命令行里使用元境平台。",
  ["Print the version and exit."] = "显示版本并退出。",
  ["Show this help message and exit."] = "显示这份帮助并退出。",
  ["The language of texts for people: en or zh; default: $YUANJING_LANG, the file "
    .. "of `yuanjing config`, the locale."] =
    "界面文字的语言：en 或 zh；默认依次取 $YUANJING_LANG、`yuanjing config` "
    .. "所示的文件、系统区域设置。",
  ["JSON on stdout, for scripts."] = "在标准输出上给出 JSON，供脚本使用。",
  ["%s (default: %s)"] = "%s（默认：%s）",
  ["Options"] = "选项", ["Connection"] = "连接", ["Output"] = "输出",
  ["Where the platform is; default: $YUANJING_BASE_URL, the file of `yuanjing "
    .. "config`, https://opencomputing.ai."] =
    "平台的接口地址；默认依次取 $YUANJING_BASE_URL、`yuanjing config` 所示的文件、"
    .. "https://opencomputing.ai。",
  ["The same for real-person assets; default: $YUANJING_ASSET_URL, the same "
    .. "file."] = "真人素材的接口地址；默认依次取 $YUANJING_ASSET_URL、同一个文件。",
  ["The wire spoken; default: v1."] = "使用哪一版接口；默认 v1。",
  ["A PEM file of certificates; default: $CURL_CA_BUNDLE, $SSL_CERT_FILE, else "
    .. "the system's."] =
    "证书的 PEM 文件；默认取 $CURL_CA_BUNDLE、$SSL_CERT_FILE，否则用系统的证书。",
  ["The most that one call may take."] = "一次调用的时限。",
  ["Let a download be led from https to http, and into a private network."] =
    "允许下载被重定向：从 https 到 http，或进入内网。",
  ["Tell on stderr what goes out and comes in."] =
    "在标准错误输出上显示发出和收到了什么。",
  ["Send nothing, show what would be sent."] =
    "试运行：什么都不发送，只显示将要发送的内容。",
  ["Another field, such as temperature=0.2; may be given again."] =
    "其他字段，例如 temperature=0.2；可以多次给出。",

  -- chat
  ["Ask a text model."] = "向文本模型提问。",
  ["What is asked; - is what comes on stdin, which is read as well when nothing "
    .. "is given."] = "要问的内容；- 表示标准输入，什么都不给时也读标准输入。",
  ["-s; what holds for all of it."] = "-s；系统提示词，对整个对话有效。",
  ["-m; default: qwen3-max."] = "-m；模型，默认 qwen3-max。",
  ["A conversation, until Ctrl-D; Ctrl-C stops an answer, or clears the line."] =
    "进行对话，按 Ctrl-D 结束；Ctrl-C 中止回答，或清空当前行。",
  ["With -i: goes on with the conversation in that file, and saves it there after "
    .. "each answer."] = "与 -i 同用：继续该文件里的对话，每次回答后都保存到那里。",
  ["A JSON schema that the answer has to fit; prints the JSON."] =
    "回答必须符合的 JSON schema 文件；输出 JSON。",
  ["Print the answer as it comes, on a pipe as well."] =
    "流式输出回答，即使输出到管道。",
  ["Print the answer when it is whole."] = "回答完整之后再输出。",

  -- image, video
  ["Make an image from a text."] = "用文字生成图片。",
  ["Make a video from a text, from frames, or after references."] =
    "用文字、首尾帧或参考素材生成视频。",
  ["What it should be; - is what comes on stdin."] =
    "提示词：想要什么；- 表示标准输入。",
  ["-m; `yuanjing catalog` lists them."] = "-m；模型，`yuanjing catalog` 会列出。",
  ["Record it there: a path, or a URL of Redis; then the same is not bought twice "
    .. "by mistake."] =
    "记入这个任务日志：路径或 Redis 的 URL；这样不会误把同样的内容买两次。",
  ["Buy it although the journal has the same."] =
    "即使任务日志里已有同样的内容，也再买一次。",
  ["Print the task's id and go."] = "显示任务 ID 后立即返回。",
  ["Send what the catalog does not know; the platform may take more than its "
    .. "documents say."] =
    "模型目录里没有的也照样发送；平台支持的可能比文档写的多。",
  ["What the model takes (see `yuanjing catalog MODEL`)"] =
    "模型的参数（参见 `yuanjing catalog 模型`）",
  ["What should not be in it."] = "反向提示词：不想要什么。",
  ["Seconds of video."] = "视频的秒数。",
  ["Cheaper, when the platform has time."] = "错峰：更便宜，平台空闲时再做。",
  ["The picture it begins with: a file, a URL, or asset://ID."] =
    "首帧图片：文件、URL 或 asset://ID。",
  ["The picture it ends with."] = "尾帧图片。",
  ["A picture to go by; may be given again. The prompt calls them 图片1, 图片2."] =
    "参考图片；可以多次给出。在提示词里称为图片1、图片2。",
  ["A video to go by; may be given again."] = "参考视频；可以多次给出。",
  ["A sound to go by; may be given again."] = "参考音频；可以多次给出。",
  ["%s; not each model takes each."] = "%s；各个模型支持的不同。",
  ["-o; a file or a folder to save the result in, a new folder with a / behind "
    .. "it, or - for stdout."] = "-o；结果保存到哪里：" .. ALL_OUTPUTS .. "。",
  ["How long to wait for the end (1800)."] = "最多等待多久（1800）。",

  -- speak, transcribe
  ["Have a text spoken, and save the sound."] = "语音合成：读出文字，保存声音。",
  ["What is said; - is what comes on stdin, which is read as well when nothing is "
    .. "given."] = "要读的文字；- 表示标准输入，什么都不给时也读标准输入。",
  ["-m; needed."] = "-m；模型，必须给出。",
  ["Whose voice, as the model calls it."] = "声音的名称，由模型规定。",
  ["1 is usual, 2 twice as fast."] = "语速：1 为正常，2 为两倍。",
  ["-o; a file, a folder, a new folder with a / behind it, or - for stdout; "
    .. "default: speech.* in this folder."] =
    "-o；" .. ALL_OUTPUTS .. "；默认为当前文件夹里的 speech.*。",
  ["Seen in the platform's public source, not yet confirmed live."] =
    NOT_CONFIRMED,
  ["Write down what is said."] = "语音转写：把声音写成文字。",
  ["The sound: a file, or a URL."] = "声音：文件或 URL。",
  ["-m."] = "-m；模型。",
  ["Of what is said, as the model calls it."] = "所说的语言，名称由模型规定。",
  ["Print subtitles (SubRip), where the platform tells the times."] =
    "输出字幕（SubRip），前提是平台给出了时间。",

  -- batch
  ["Make many images and videos; goes on where it was ended."] =
    "批量生成图片和视频；中断后再次运行会接着做。",
  ["A file in UTF-8 with a prompt a line, or a JSON object of parameters: "
    .. '{"model": "...", "prompt": "..."}. A line that begins with # is a '
    .. "comment."] =
    "UTF-8 文件，每行一个提示词，或一个由参数组成的 JSON 对象："
    .. '{"model": "...", "prompt": "..."}。以 # 开头的行是注释。',
  ["The folder for the files; made where it is missing."] =
    "文件保存到哪个文件夹；没有则新建。",
  ["The model of the lines that name none."] = "没有写明模型的行所用的模型。",
  ["How many at a time."] = "同时做几个。",
  ["The journal: a path, or a URL of Redis; default: tasks.journal in that "
    .. "folder."] = "任务日志：路径或 Redis 的 URL；默认为该文件夹里的 tasks.journal。",

  -- task, tasks
  ["Show how a task stands, wait for it, save its result."] =
    "查看任务的状态，等待它完成，保存结果。",
  ["What `image --no-wait` printed."] = "`image --no-wait` 显示的任务 ID。",
  ["Wait until it is done; -o does so, too."] = "等到任务完成；-o 也会等待。",
  ["List the tasks of a journal."] = "列出任务日志里的任务。",
  ["The journal: a path, or a URL of Redis."] = "任务日志：路径或 Redis 的 URL。",
  ["Those that have not ended."] = "只列未完成的。",
  ["Submits whose outcome nobody knows."] = "只列结果不明的提交。",
  ["Those that workers gave up, and why."] = "只列工作进程放弃的，以及原因。",
  ["Hand the entry of that key, which was given up, to the workers again."] =
    "把这条已被放弃的记录重新交给工作进程。",
  ["Have the journal forget the entry of that key."] = "从任务日志里删去这条记录。",
  ["Look for the submits whose outcome nobody knows in the account's history, and "
    .. "record what it says; buys nothing."] =
    "在账户的账单记录里核实结果不明的提交，并记下结论；不会产生费用。",
  ["How long to look, for the history may lag (90)."] =
    "最多找多久，因为账单记录可能滞后（90）。",

  -- models, catalog
  ["List the models that the platform offers."] = "列出平台现在提供的模型。",
  ["One category only: t2t, t2i, t2v, i2v, ref2v."] =
    "只列一个类别：t2t、t2i、t2v、i2v、ref2v。",
  ["Those that are good for a command, or take an option: chat, image, video, "
    .. "first-frame, last-frame, reference-image, ..."] =
    "按用途筛选：适合某个命令，或支持某个选项：chat、image、video、first-frame、"
    .. "last-frame、reference-image 等。",
  ["Show what the image and video models take; asks nobody."] =
    "显示图片和视频模型的参数；不联网。",
  ["All models, in short, unless given."] = "不给出则概要列出全部模型。",
  ["Those that are good for a command, or take an option: image, video, "
    .. "first-frame, last-frame, reference-image, ..."] =
    "按用途筛选：适合某个命令，或支持某个选项：image、video、first-frame、"
    .. "last-frame、reference-image 等。",
  ["Whose wire; default: v1."] = "哪一版接口；默认 v1。",

  -- account
  ["Show what is left, the last calls, and prices."] =
    "查看余额、最近的调用和价格。",
  ["The calls of the account, the newest first."] = "账户的账单记录，最新的在前。",
  ["Which page of them (1)."] = "第几页（1）。",
  ["What a model costs."] = "一个模型的价格。",

  -- assets
  ["Verify a person; upload and list pictures and videos of them."] =
    "真人素材：认证真人，上传和列出其图片与视频。",
  ["Begin a verification: a link for the person's phone."] =
    "发起认证：给出一个供本人手机打开的链接。",
  ["Who verifies."] = "由谁认证。",
  ["Of the person: tells several apart."] = "本人的名字，用来区分多个人。",
  ["The vendor's name of a project."] = "供应商处的项目名。",
  ["How long to wait for the end."] = "最多等待多久。",
  ["Do not wait."] = "不等待。",
  ["List the groups, one for each verified person."] =
    "列出素材组，每个已认证的人一个。",
  ["Upload a picture or a video to a group."] = "把图片或视频上传到素材组。",
  ["A file, or a URL."] = "文件或 URL。",
  ["The group's vendor_group_id; needed."] =
    "素材组的 vendor_group_id；必须给出。",
  ["What it is called."] = "素材的名称。",
  ["List what is in a group."] = "列出素材组里的素材。",
  ["Show how an asset stands, wait for it, save its file."] =
    "查看素材的状态，等待它可用，保存文件。",
  ["What `assets upload` printed."] = "`assets upload` 显示的 ID。",
  ["Wait until it is Active; -o does so, too."] =
    "等到状态为 Active；-o 也会等待。",

  -- login, logout, config
  ["Keep the key in a file that only you can read."] =
    "把密钥存入只有你能读的文件。",
  ["The key is asked for at a terminal, and not shown; else it is the first line "
    .. "of stdin. There is no option for it: everybody on a machine can see the "
    .. "arguments of a command."] =
    "在终端里会询问密钥，输入时不显示；否则取标准输入的第一行。密钥没有对应的选项："
    .. "同一台机器上的人都能看到命令的参数。",
  ["Remove the key that `yuanjing login` keeps."] =
    "删去 `yuanjing login` 存下的密钥。",
  ["Show the settings in force, and where each comes from."] =
    "显示当前生效的设置，以及各自的来源。",
  ["Options come first, then the environment, then a file. It may have these "
    .. 'names:\n\n  {\n    "base_url": "https://opencomputing.ai",\n'
    .. '    "lang": "zh",\n    "models": { "chat": "qwen3-max", "image": '
    .. '"wan2.2-t2i-plus" }\n  }\n\nasset_url and api (v1, legacy) as well; '
    .. "models also for video, speak and\ntranscribe. `yuanjing login` puts the "
    .. "key there."] =
    '选项优先，其次是环境变量，最后是文件。文件里可以写：\n\n  {\n    "base_url": '
    .. '"https://opencomputing.ai",\n    "lang": "zh",\n    "models": { "chat": '
    .. '"qwen3-max", "image": "wan2.2-t2i-plus" }\n  }\n\n'
    .. "还有 asset_url 和 api（v1、legacy）；models 里还可以写 video、speak 和 "
    .. "transcribe。密钥由 `yuanjing login` 写入。",

  -- sandbox, doctor, completion
  ["Run the platform on this machine, until Ctrl-C."] =
    "在本机运行沙箱，即模拟的平台，按 Ctrl-C 结束。",
  ["The port; any free one unless given."] = "端口；不给出则任选一个空闲的。",
  ["Where its files go and stay; otherwise temporary."] =
    "沙箱的文件放在哪里并保留；不给出则是临时的。",
  ["Seconds between two chunks of a stream."] = "流式输出两个片段之间的秒数。",
  ["Seconds from the submit of a task to its end."] = "任务从提交到完成的秒数。",
  ["Seconds that the link of a verification is good."] = "认证链接的有效秒数。",
  ["How many of its seconds pass in one of yours."] =
    "现实中一秒等于沙箱里的几秒。",
  ["List the scenarios (header X-Sandbox) and exit."] =
    "列出各种场景（X-Sandbox 头）并退出。",
  ["Say where it is as JSON, in one line."] = "用一行 JSON 给出沙箱的地址。",
  ["Check this machine, the way to the platform, and the key."] =
    "检查本机、到平台的连接和密钥。",
  ["Print a completion script for a shell."] = "输出 shell 的补全脚本。",
  ["bash, zsh or fish."] = "bash、zsh 或 fish。",
  ["bash  eval \"$(yuanjing completion bash)\"                  in ~/.bashrc\n"
    .. "zsh   yuanjing completion zsh > \"${fpath[1]}/_yuanjing\"   once\n"
    .. "fish  yuanjing completion fish | source                   in "
    .. "config.fish"] =
    "bash  eval \"$(yuanjing completion bash)\"                  写进 ~/.bashrc\n"
    .. "zsh   yuanjing completion zsh > \"${fpath[1]}/_yuanjing\"   运行一次\n"
    .. "fish  yuanjing completion fish | source                   写进 "
    .. "config.fish",

  -- The exit statuses
  ["Exit status:"] = "退出状态码：",
  ["done"] = "完成",
  ["a fault in the command itself"] = "命令自身的缺陷",
  ["wrong options or parameters: mend them; nothing was made"] =
    "选项或参数有误：请改正；什么都没有生成",
  ["no key, or not a good one"] = "没有密钥，或密钥无效",
  ["top up at the platform"] = "请到平台充值",
  ["the platform is busy or ill: try again later"] = "平台繁忙或故障：请稍后再试",
  ["no such task, asset, group or file"] = "没有这个任务、素材、素材组或文件",
  ["the platform refused it, or the task failed"] = "平台拒绝了请求，或任务失败",
  ["no connection, or out of time; a task goes on"] =
    "连接不上，或超时；任务仍会继续",
  ["the answer broke off or is not readable"] = "响应中断，或无法读懂",
  ["it may have been received and billed: look before you repeat"] =
    "可能已被收到并计费：重试之前请先查看",
  ["a file can not be read or written"] = "文件无法读取或写入",
  ["the answer is cut off at its length limit; it is on stdout"] =
    "回答因长度上限被截断；已在标准输出上",
  ["interrupted by Ctrl-C (143: by SIGTERM); a task goes on"] =
    "被 Ctrl-C 中断（143：被 SIGTERM 中断）；任务仍会继续",
}
