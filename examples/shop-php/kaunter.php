<?php // Calls to the backend. Keys come from the environment. Never send the server key to a browser.
function kaunter(string $method, string $path, ?array $body = null): array {
    $http = ['method' => $method, 'ignore_errors' => true, 'timeout' => 10, 'follow_location' => 0,
        'header' => ['Authorization: Bearer ' . getenv('KAUNTER_SERVER_KEY'), 'Content-Type: application/json'],
        'content' => $body === null ? '' : json_encode($body)];
    $answer = file_get_contents(getenv('KAUNTER_BACKEND') . $path, false, stream_context_create(['http' => $http]));
    return json_decode($answer ?: '{}', true) ?? [];
}
// How a sale stands at the backend. Close a bill of $minor sen only if 'closes_bill' is true.
function sale(string $ref, int $minor): array {
    return kaunter('GET', '/v1/sales?' . http_build_query(['ref' => $ref, 'minor' => $minor, 'currency' => 'MYR']));
}
// Registers what a bill asks for, and mints a token for that bill alone: ['token' => ..., 'expires_at' => ...].
function token(array $till, array $rights, string $ref, int $minor): array {
    $bill = ['ref' => $ref, 'amount' => ['minor' => $minor, 'currency' => 'MYR']];
    kaunter('PUT', '/v1/sales', $bill); // from now on, only your server changes the amount
    return kaunter('POST', '/v1/terminal-tokens', $till + ['rights' => $rights, 'sale' => $bill]);
}
