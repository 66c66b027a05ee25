--- The hints of errors (`err.hint`) in Chinese.
return {
  ["invalid, expired, or not allowed from this address: check YUANJING_API_KEY; "
    .. "keys are made at https://ai.opencomputing.cn"] =
    "密钥无效、已过期，或不允许从这个地址使用：请检查 YUANJING_API_KEY；密钥在 "
    .. "https://ai.opencomputing.cn 创建",
  ["top up at https://ai.opencomputing.cn"] =
    "请到 https://ai.opencomputing.cn 充值",
  ["wait a while before the next call"] = "请稍等片刻再调用",
  ["what came before the break is in err.partial or err.body"] =
    "中断之前收到的内容在 err.partial 或 err.body 里",
  ["what was answered is in err.body; check the base URL and proxies"] =
    "收到的内容在 err.body 里；请检查接口地址和代理",
  ["a limit of this client, not of the platform; nothing was sent"] =
    "这是本客户端自己的上限，不是平台的；什么都没有发送",
  ["it may have been received and billed: look for it in the platform's console "
    .. "at that time before you send it again"] =
    "平台可能已经收到并计费：再次发送之前，请先到平台控制台查看那个时间的记录",
  ["pass api_key, or set YUANJING_API_KEY"] =
    "请传入 api_key，或设置 YUANJING_API_KEY",
  ["it should look like https://opencomputing.ai"] =
    "应当形如 https://opencomputing.ai",
  ["trust_redirects = true follows it"] = "trust_redirects = true 会跟随它",
  ["the client's option max_body is the most bytes that are taken of an answer; "
    .. "this one came and may have been billed"] =
    "客户端选项 max_body 限定一个响应最多接收多少字节；这个响应已经到达，可能已计费",
  ["if your network has certificates of its own, name their PEM file: ca_file, or "
    .. "SSL_CERT_FILE in the environment"] =
    "如果你的网络使用自己的证书，请指明其 PEM 文件：ca_file，或环境变量 "
    .. "SSL_CERT_FILE",
  ["check ca_file, and CURL_CA_BUNDLE, SSL_CERT_FILE and SSL_CERT_DIR in the "
    .. "environment"] =
    "请检查 ca_file，以及环境变量 CURL_CA_BUNDLE、SSL_CERT_FILE 和 SSL_CERT_DIR",
  ["if the platform takes it by now, `validate = false` sends it"] =
    "如果平台现在已经支持，`validate = false` 会照样发送",
  ["if the platform takes it by now, `--no-validate` sends it"] =
    "如果平台现在已经支持，`--no-validate` 会照样发送",
  ["await waits for one that was submitted a moment ago"] =
    "刚提交的任务请用 await 等待",
}
