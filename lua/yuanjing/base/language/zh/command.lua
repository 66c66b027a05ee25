--- What the command says while it runs, in Chinese: progress, questions, notes, and
-- its own errors.
--
-- Words of all the Chinese texts, here and in the documents: journal 任务日志,
-- entry 记录, key 密钥, stream 流式（输出）, chunk 片段, prompt 提示词, task 任务,
-- submit 提交, model 模型, catalog 模型目录, category 类别, outcome unknown 结果不明,
-- settle 核实, balance 余额, top up 充值, billed 计费, history 账单记录, limit 上限,
-- timeout 超时, retry 重试, dry run 试运行, asset 真人素材, group 素材组,
-- verification 认证, first and last frame 首帧、尾帧, reference 参考, off-peak 错峰,
-- speak 语音合成, transcribe 语音转写, sandbox 沙箱, base URL 接口地址, hint 提示,
-- exit status 退出状态码. The reader is 你; commands, names and kinds stay as they are.
return {
  -- At first
  ['The 元境 platform from the command line.\n\n  yuanjing chat "你是谁"\n'
    .. '  yuanjing image -m wan2.2-t2i-plus "一只猫坐在月亮上" -o cat.png\n'
    .. '  yuanjing video -m viduq3-pro "从白天到夜晚" -o city.mp4 \\\n'
    .. "    --first-frame day.jpg --last-frame night.jpg\n\n"] =
    '在命令行里使用元境平台。\n\n  yuanjing chat "你是谁"\n'
    .. '  yuanjing image -m wan2.2-t2i-plus "一只猫坐在月亮上" -o cat.png\n'
    .. '  yuanjing video -m viduq3-pro "从白天到夜晚" -o city.mp4 \\\n'
    .. "    --first-frame day.jpg --last-frame night.jpg\n\n",
  ["It needs a key: `yuanjing login` asks for it and keeps it, or\n"
    .. "export YUANJING_API_KEY=sk-...\nTo try it without one: `yuanjing sandbox` "
    .. "is the platform on this machine.\n\n"] =
    "需要密钥：`yuanjing login` 会询问并保存，或者\nexport YUANJING_API_KEY=sk-...\n"
    .. "没有密钥也能试用：`yuanjing sandbox` 在本机模拟平台。\n\n",
  ["`yuanjing --help` lists the commands, `yuanjing chat --help` the options of "
    .. "one.\n"] =
    "`yuanjing --help` 列出全部命令，`yuanjing chat --help` 列出某个命令的选项。\n",

  -- Progress
  ["sending"] = "正在发送", ["uploading"] = "正在上传", ["uploaded"] = "已上传",
  ["downloading"] = "正在下载", ["saved"] = "已保存", ["speaking"] = "正在合成",
  ["making"] = "正在生成", ["waiting"] = "正在等待", ["verified"] = "已认证",
  ["for the person to say yes"] = "等本人确认",
  ["task %s"] = "任务 %s", ["asset %s"] = "素材 %s",
  ["%s of %s"] = "%s / %s", ["%s left"] = "还剩 %s",
  ["%s, about %d s left (by %d like it)"] =
    "%s，大约还要 %d 秒（依据 %d 个同类任务）",
  ["< %d in %s s%s"] = "< %d，用时 %s 秒%s",
  ["< whole in %s s%s"] = "< 完整，用时 %s 秒%s",
  ["~ again in %s s"] = "~ %s 秒后重试",
  [", %s tokens"] = "，%s 个 token",

  -- Interruptions
  ["interrupted"] = "已中断",
  ["interrupted; %s"] = "已中断；%s",
  ["interrupted while it was on its way: it may have been received and billed"] =
    "发送途中被中断：平台可能已经收到并计费",
  ["interrupted; the same command goes on where it was"] =
    "已中断；再次运行同一命令会接着做",
  ["the task goes on: yuanjing task %s%s %s"] =
    "任务仍在继续：yuanjing task %s%s %s",
  ["it goes on: yuanjing task %s --await"] =
    "任务仍在继续：yuanjing task %s --await",
  ["it goes on: yuanjing assets status %s --await"] =
    "仍在继续：yuanjing assets status %s --await",

  -- chat
  ["Ctrl-D ends it."] = "按 Ctrl-D 结束。",
  ["Ctrl-D ends it, /help says more."] = "按 Ctrl-D 结束，输入 /help 查看更多。",
  ["/save FILE, /load FILE, /undo, /image FILE; Ctrl-C clears a line or stops an "
    .. "answer, Ctrl-D ends it"] =
    "/save 文件、/load 文件、/undo、/image 文件；Ctrl-C 清空当前行或中止回答，"
    .. "Ctrl-D 结束",
  ["/%s FILE"] = "/%s 文件",
  ["saved in %s"] = "已保存到 %s",
  ["%d messages"] = "%d 条消息",
  ["the last question and its answer are forgotten"] = "已忘掉上一个问题和它的回答",
  ["there is nothing to forget"] = "没有可忘掉的",
  ["%s goes with the next question"] = "%s 会随下一个问题发送",
  ["yuanjing: the answer is cut off at its length limit (%s); `--extra "
    .. "max_tokens=...` asks for more"] =
    "yuanjing: 回答因长度上限被截断（%s）；用 `--extra max_tokens=...` 可以要更长的",
  ["nothing is asked"] = "没有要问的内容",
  ['yuanjing chat "...", or -i for a conversation'] =
    'yuanjing chat "..."，或用 -i 进行对话',

  -- Files
  ["nothing was sent"] = "什么都没有发送",
  ["--json wants stdout for itself"] = "标准输出已用于 --json",
  ["stdout is closed"] = "标准输出已关闭",
  ["a file would garble the terminal: send it on with > or |"] =
    "文件内容会弄乱终端：请用 > 或 | 转走",
  ["image"] = "图片", ["video"] = "视频", ["audio"] = "音频",
  ["%s %d was not saved: %s"] = "%s %d 没有保存：%s",
  ["the first of %d files; a folder (-o) takes all"] =
    "这是 %d 个文件中的第一个；给出文件夹（-o）可以全部保存",
  ["%d of %d files were saved; the first that was not: %s"] =
    "保存了 %d 个文件，共 %d 个；第一个没有保存的：%s",
  ["not all of it came: %s"] = "结果不完整：%s",
  ["the platform says that it succeeded, and names no file: %s"] =
    "平台说任务成功了，却没有给出文件：%s",
  ["it gives no reason"] = "没有说明原因",
  ["(done at once, without an id)"] = "（立即完成，没有 ID）",

  -- Buying
  ["the same was bought %s ago: %s; --again buys it once more"] =
    "%s前买过同样的：%s；加 --again 再买一次",
  ["%d seconds"] = "%d 秒", ["%d minutes"] = "%d 分钟", ["%d hours"] = "%d 小时",
  ["its outcome is unknown"] = "结果不明",
  ["the catalog has no model %s"] = "模型目录里没有模型 %s",
  ["no model of %s takes that"] = "%s 里没有适合的模型",
  ["did you mean %s?"] = "你是不是想写 %s？",
  ["%s `--no-validate` sends it"] = "%s用 `--no-validate` 可以照样发送",
  ["`yuanjing catalog` lists them"] = "`yuanjing catalog` 会列出全部模型",

  -- batch, tasks
  ["%s can not be written: %s"] = "%s 无法写入：%s",
  ["another `yuanjing batch` is at work in that folder"] =
    "另一个 `yuanjing batch` 正在使用这个文件夹",
  ["it begins with { and is no JSON object (%s)"] =
    "以 { 开头，却不是 JSON 对象（%s）",
  ["no JSON"] = "不是 JSON",
  ["it is not UTF-8"] = "不是 UTF-8",
  ["it is a JSON list, not an object"] = "是 JSON 列表，不是对象",
  ["it is UTF-16: save it as UTF-8"] = "是 UTF-16：请存为 UTF-8",
  ["it is no text in UTF-8"] = "不是 UTF-8 文本",
  ["and %d more"] = "还有 %d 处",
  ["line %d: %s"] = "第 %d 行：%s",
  ["line %d: %s: %s"] = "第 %d 行：%s：%s",
  ["failed"] = "失败", ["unknown"] = "结果不明",
  ["%d of %d saved, %d failed, %d unknown"] =
    "已保存 %d 个，共 %d 个，失败 %d 个，结果不明 %d 个",
  ["%d of %d were not saved"] = "有 %d 个没有保存，共 %d 个",
  ["it may have been submitted and billed; if it was not, `yuanjing tasks "
    .. "--journal %s --forget %s` has it made"] =
    "可能已经提交并计费；如果没有，用 `yuanjing tasks --journal %s --forget %s` "
    .. "可以重新生成",
  ["%d attempts: %s"] = "尝试 %d 次：%s",
  ["%d of %d are still unknown"] = "有 %d 个仍然结果不明，共 %d 个",
  ["only a journal in Redis has tasks that were given up"] =
    "只有 Redis 里的任务日志才有被放弃的任务",

  -- account, catalog
  ["balance %s"] = "余额 %s",
  ["%s for each %s"] = "%s，每%s",
  ["call"] = "次", ["second"] = "秒", ["unit"] = "单位", ["1k_tokens"] = "千 token",
  ["MODEL"] = "模型", ["COMMAND"] = "命令", ["CATEGORIES"] = "类别",
  ["VENDOR"] = "供应商", ["OPTION"] = "选项", ["NEEDED"] = "必须",
  ["DEFAULT"] = "默认", ["VALUES"] = "取值",
  ["(not opened yet)"] = "（尚未开放）",
  ["yes"] = "是", ["switch"] = "开关", ["text"] = "文字", ["file"] = "文件",
  ["files"] = "文件（可多个）", ["whole number"] = "整数",
  ["up to %d files"] = "最多 %d 个文件", ["%d to %d"] = "%d 到 %d",

  -- assets, transcribe
  ["For the person's phone, within 2 minutes."] = "请本人在 2 分钟内用手机打开。",
  ["the platform told no times, so there are no subtitles; the text is on "
    .. "stdout"] = "平台没有给出时间，所以没有字幕；文字在标准输出上",

  -- Keys and settings
  ["Key: "] = "密钥：",
  ["Key (it is not shown): "] = "密钥（输入时不显示）：",
  ["the key is in %s, for you alone to read"] = "密钥已存入 %s，只有你能读",
  ["NB: YUANJING_API_KEY is set, and comes before that file"] =
    "注意：设置了环境变量 YUANJING_API_KEY，它优先于这个文件",
  ["nothing was changed; keys are made at https://ai.opencomputing.cn"] =
    "什么都没有改动；密钥在 https://ai.opencomputing.cn 创建",
  ["the key is gone from %s"] = "已从 %s 删去密钥",
  ["there is no key in %s"] = "%s 里没有密钥",
  ["the key in %s is not used, for others can read it: chmod 600 %s"] =
    "%s 里的密钥没有使用，因为其他人也能读这个文件：chmod 600 %s",
  ["`yuanjing config` shows what is in force"] =
    "`yuanjing config` 显示当前生效的设置",
  ["a JSON object is expected"] = "应为 JSON 对象",
  ["there is no $HOME"] = "没有设置 $HOME",
  ["`yuanjing login` keeps one, or export YUANJING_API_KEY=sk-...; `yuanjing "
    .. "sandbox` is the platform on this machine, which needs none of yours"] =
    "用 `yuanjing login` 保存密钥，或 export YUANJING_API_KEY=sk-...；"
    .. "`yuanjing sandbox` 在本机模拟平台，不需要你的密钥",
  ["`yuanjing doctor` shows how far it comes"] =
    "`yuanjing doctor` 会显示走到了哪一步",
  ["what came before the break is above, if anything"] =
    "中断之前收到的内容（如果有）在上面",

  -- doctor
  ["features"] = "功能", ["certificates"] = "证书", ["proxy"] = "代理",
  ["key"] = "密钥", ["base_url"] = "接口地址", ["asset_url"] = "素材地址",
  ["language"] = "语言", ["balance"] = "余额", ["account"] = "账户",
  ["wire"] = "接口版本", ["default"] = "默认", ["environment"] = "环境变量",
  ["none"] = "无", ["%s (the system's)"] = "%s（系统的）",
  ["set, %d characters (%s)"] = "已设置，%d 个字符（%s）",
  ["not told (%s)"] = "未知（%s）",
  ["keys and recharging: https://ai.opencomputing.cn; balance and prices: "
    .. "yuanjing account"] =
    "密钥与充值：https://ai.opencomputing.cn；余额与价格：yuanjing account",
  ["name looked up"] = "域名解析", ["connected"] = "建立连接",
  ["encrypted"] = "加密连接", ["answered"] = "收到响应",
  ["key accepted"] = "密钥有效", ["good answer"] = "响应正常",
  ["%d models"] = "%d 个模型", ["%d groups"] = "%d 个素材组",

  -- sandbox
  ["The 元境 sandbox is running.\n  url         %s\n  key         %s\n"
    .. "  access log  %s\n  error log   %s\n\nIn another terminal:\n"
    .. "  export YUANJING_API_KEY=%s\n  export YUANJING_BASE_URL=%s\n"
    .. "  export YUANJING_ASSET_URL=%s\n  yuanjing chat \"你好\"\n\n"
    .. "Ctrl-C ends it.\n"] =
    "元境沙箱正在运行。\n  地址      %s\n  密钥      %s\n  访问日志  %s\n"
    .. "  错误日志  %s\n\n在另一个终端里：\n  export YUANJING_API_KEY=%s\n"
    .. "  export YUANJING_BASE_URL=%s\n  export YUANJING_ASSET_URL=%s\n"
    .. "  yuanjing chat \"你好\"\n\n按 Ctrl-C 结束。\n",
  ["nginx has ended by itself"] = "nginx 自行退出了",
}
