// The page's texts in both languages. An element that was given a text by its
// key gets the other language's when that is chosen.

const WORDS = {
  en: {
    rooms: "Rooms", language: "Language", chat: "Chat", image: "Image",
    video: "Video", gallery: "Gallery", viewer: "Preview", close: "Close",

    ask: "Ask anything", send: "Send", stop: "Stop", clearChat: "Clear chat",
    chatKeys: "Enter sends, Shift+Enter breaks the line, Esc stops",
    model: "Model", greeting: "What is on your mind?",
    greetingMore: "Answers come word by word, and stop whenever you like.",
    idea1: "Tell me a story of the moon and a cat",
    idea2: "Explain tides to a ten-year-old",
    idea3: "Three titles for a film about rain",
    cut: "Cut off at the length limit", filtered: "Stopped by a filter",
    interrupted: "Interrupted: the page was reloaded or closed",
    thinking: "Thinking", stopped: "Stopped", tokens: "{n} tokens",
    copy: "Copy", copyCode: "Copy the code", copied: "Copied",
    askAgain: "Ask again", undo: "Undo", cleared: "The chat is cleared.",
    dropped: "{n} earlier questions are no longer kept here",
    forgotten: "Forgotten: the next answer does not know what is above",
    notKept: "This browser has no room: a reload will lose this chat.",

    makeImage: "Make an image", makeVideo: "Make a video",
    t2v: "From text", i2v: "From images", ref2v: "From references",
    prompt: "Prompt", negative_prompt: "What to avoid", ratio: "Ratio",
    resolution: "Resolution", duration: "Seconds", size: "Size",
    off_peak: "Off-peak: slower and cheaper", first_frame: "First frame",
    last_frame: "Last frame", reference_images: "Reference images",
    reference_videos: "Reference videos", reference_audios: "Reference audio",
    optional: "optional", automatic: "auto",
    imageIdea: "A cat on the moon, ink and wash, plenty of sky",
    videoIdea: "Slow pan over a harbour at dawn, gulls, soft light",
    avoidIdea: "blurred, text, extra fingers",
    choose: "Choose a file, or drop it here",
    chooseMore: "Choose files, or drop them here",
    atMost: "up to {n}", remove: "Remove", needed: "This is needed",
    generate: "Generate", uploading: "Uploading {n} %", sending: "Sending ...",

    emptyTitle: "Nothing here yet",
    emptyMore: "What you make appears here, while it is made.",
    CREATED: "Submitted", PENDING: "In the queue", RUNNING: "Being made",
    loading: "Fetching the file ...",
    offline: "Out of touch, trying again", download: "Download",
    again: "Use these settings again", forget: "Remove from this list",
    removedOne: "Removed: {what}", removed: "Removed ({n})",
    removedRunning: "Removed, but it is still being made: {what}",
    putBack: "Put back", finished: "Finished", failed: "Failed",
    idNotKept: "This browser has no room. Please note the task's id: {id}",
    open: "Open", running: "{n} being made", ready: "Ready: {what}",
    details: "What exactly was said",
  },
  zh: {
    rooms: "栏目", language: "语言", chat: "对话", image: "图片",
    video: "视频", gallery: "作品", viewer: "预览", close: "关闭",

    ask: "想问点什么？", send: "发送", stop: "停止", clearChat: "清空对话",
    chatKeys: "Enter 发送，Shift+Enter 换行，Esc 停止",
    model: "模型", greeting: "今天想聊点什么？",
    greetingMore: "回答会逐字出现，随时可以停下。",
    idea1: "讲一个月亮和猫的故事", idea2: "给十岁的孩子讲讲潮汐",
    idea3: "为一部关于雨的电影起三个名字",
    cut: "达到长度上限，没有写完", filtered: "被内容过滤中止",
    interrupted: "已中断：页面被刷新或关闭",
    thinking: "思考过程", stopped: "已停止", tokens: "{n} 个 token",
    copy: "复制", copyCode: "复制代码", copied: "已复制",
    askAgain: "再问一次", undo: "撤销", cleared: "对话已清空。",
    dropped: "更早的 {n} 个问题不再保留",
    forgotten: "已遗忘：下一个回答不知道以上内容",
    notKept: "浏览器没有空间了，刷新后这次对话会丢失。",

    makeImage: "画一张图", makeVideo: "做一段视频",
    t2v: "文生视频", i2v: "图生视频", ref2v: "参考生视频",
    prompt: "描述", negative_prompt: "不想出现的", ratio: "画面比例",
    resolution: "清晰度", duration: "时长（秒）", size: "尺寸",
    off_peak: "错峰生成：慢一些，更便宜", first_frame: "首帧",
    last_frame: "尾帧", reference_images: "参考图片",
    reference_videos: "参考视频", reference_audios: "参考音频",
    optional: "可不填", automatic: "自动",
    imageIdea: "一只猫坐在月亮上，水墨，大片留白",
    videoIdea: "清晨的港口，镜头缓缓摇过，海鸥，柔光",
    avoidIdea: "模糊、文字、多余的手指",
    choose: "选择文件，或拖到这里", chooseMore: "选择文件（可多选），或拖到这里",
    atMost: "最多 {n} 个", remove: "移除", needed: "这一项需要填写",
    generate: "生成", uploading: "正在上传 {n}%", sending: "正在提交……",

    emptyTitle: "还没有作品",
    emptyMore: "生成的图片和视频会出现在这里，进度随时可见。",
    CREATED: "已提交", PENDING: "排队中", RUNNING: "生成中",
    loading: "正在取回文件……",
    offline: "暂时联系不上，正在重试", download: "下载",
    again: "再用一次这些设置", forget: "从列表中移除",
    removedOne: "已移除：{what}", removed: "已移除（{n}）",
    removedRunning: "已移除，但仍在生成：{what}",
    putBack: "放回列表", finished: "已完成", failed: "失败",
    idNotKept: "浏览器没有空间了，请记下任务 ID：{id}",
    open: "打开", running: "{n} 个进行中", ready: "完成：{what}",
    details: "原始信息",
  },
};

// What happened, and what to do: a kind of error to both.
const ERRORS = {
  en: {
    invalid_request: ["Something in it does not fit",
      "Please look at the settings and try again."],
    auth: ["The studio's key is not accepted",
      "Whoever runs this studio has to check YUANJING_API_KEY."],
    balance: ["The account has run out",
      "Whoever runs this studio has to top it up at the platform."],
    rate_limit: ["Too many at once", "Please wait a moment, then try again."],
    not_found: ["It is not there any more",
      "The platform keeps tasks for a day or two. Please make it anew."],
    platform: ["The platform said no",
      "Other words or another model may help."],
    server: ["The platform has trouble", "Please try again in a few minutes."],
    transport: ["The platform can not be reached",
      "Nothing was begun. Please try again in a moment."],
    timeout: ["It took too long",
      "Please try again; another model may be quicker."],
    truncated: ["The answer broke off",
      "What has come so far is above. Ask again for the rest."],
    decode: ["The answer could not be read",
      "Please try again in a few minutes."],
    task_failed: ["It did not work out",
      "Often other words help: the platform may not like some of these."],
    cancelled: ["It was cancelled", "Start it again when you like."],
    io: ["The studio could not keep the file",
      "Whoever runs it has to look at its disk."],
    outcome_unknown: ["Nobody knows whether it arrived",
      "It may have been received and billed: look at the platform first."],
    too_large: ["That is too large",
      "Please choose a smaller file, or clear the chat."],
    offline: ["The studio does not answer",
      "Is the network there? Please try again in a moment."],
  },
  zh: {
    invalid_request: ["有些内容不合适", "请看看各项设置，改一改再试。"],
    auth: ["工作室的密钥未被接受", "请工作室的管理者检查 YUANJING_API_KEY。"],
    balance: ["账户余额不足", "请工作室的管理者到平台充值。"],
    rate_limit: ["一下子太多了", "请稍等片刻再试。"],
    not_found: ["已经找不到了", "平台只保留任务一两天，请重新生成。"],
    platform: ["平台没有接受", "换个说法或换个模型也许可以。"],
    server: ["平台出了点问题", "请过几分钟再试。"],
    transport: ["连不上平台", "什么都还没有开始，请稍后再试。"],
    timeout: ["等得太久了", "请再试一次，换个模型可能更快。"],
    truncated: ["回答中断了", "已收到的内容在上面，可以再问一次。"],
    decode: ["看不懂平台的回答", "请过几分钟再试。"],
    task_failed: ["这次没有成功",
      "换个说法往往有用：平台可能不喜欢其中的某些词。"],
    cancelled: ["已取消", "想要时可以重新开始。"],
    io: ["工作室没能保存文件", "请工作室的管理者检查磁盘。"],
    outcome_unknown: ["不确定是否已送达",
      "可能已经收到并计费。请先到平台核实，再决定是否重发。"],
    too_large: ["太大了", "请换一个小一点的文件，或者清空对话。"],
    offline: ["工作室没有回应", "网络还好吗？请稍后再试。"],
  },
};

let language = "en";

/** The text of a key; a key without one is its own text. */
export function word(key, values = {}) {
  const text = WORDS[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function refresh(element) {
  const { say, values, label, placeholder } = element.dataset;
  if (say) element.textContent = word(say, values && JSON.parse(values));
  if (label) element.setAttribute("aria-label", word(label));
  if (label && element.matches("button, a")) element.title = word(label);
  if (placeholder) element.placeholder = word(placeholder);
}

/** Gives an element a text that follows the language. */
export function say(element, key, values) {
  element.dataset.say = key;
  if (values) element.dataset.values = JSON.stringify(values);
  refresh(element);
  return element;
}

/** The same for its name, which is heard and, of a button, shown as a hint. */
export function label(element, key) {
  element.dataset.label = key;
  refresh(element);
  return element;
}

export function placeholder(element, key) {
  element.dataset.placeholder = key;
  refresh(element);
  return element;
}

// An error's two texts are keys as well: "kind.0" and "kind.1".
for (const [name, errors] of Object.entries(ERRORS)) {
  for (const [kind, texts] of Object.entries(errors)) {
    texts.forEach((text, i) => { WORDS[name][`${kind}.${i}`] = text; });
  }
}

export const isKnown = (key) => key in WORDS.en;

export function speak(name) {
  language = name in WORDS ? name : "en";
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.querySelectorAll("[data-say], [data-label], [data-placeholder]")
    .forEach(refresh);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", button.dataset.language === language);
  }
}
