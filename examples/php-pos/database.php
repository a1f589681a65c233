<?php // One SQLite file: people, bills, their lines, and their payments.
declare(strict_types=1);

// `payments.bill` is the primary key: the database itself refuses a second payment of a bill.
const SCHEMA = <<<'SQL'
    CREATE TABLE IF NOT EXISTS people (
        name TEXT PRIMARY KEY, password TEXT NOT NULL, rights TEXT NOT NULL,
        failed INTEGER NOT NULL DEFAULT 0, locked_until INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE IF NOT EXISTS bills (
        ref TEXT PRIMARY KEY, till TEXT NOT NULL, made_at INTEGER NOT NULL, wallet_at INTEGER,
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'leaving', 'paid', 'refunded'))
    );
    CREATE TABLE IF NOT EXISTS lines (
        id INTEGER PRIMARY KEY, bill TEXT NOT NULL REFERENCES bills (ref), name TEXT NOT NULL,
        minor INTEGER NOT NULL CHECK (minor > 0)
    );
    CREATE TABLE IF NOT EXISTS payments (
        bill TEXT PRIMARY KEY REFERENCES bills (ref), tender TEXT NOT NULL CHECK (tender IN ('cash', 'wallet')),
        minor INTEGER NOT NULL, gateway_ref TEXT, cashier TEXT NOT NULL, paid_at INTEGER NOT NULL
    );
    SQL;

// The rights of a token are the person's own: a page can ask for no more.
const CASHIER = 'charge cancel give_up';
const MANAGER = 'charge cancel give_up void';

function database(): PDO
{
    static $database = null;
    if ($database === null) {
        $file = getenv('POS_DATABASE') ?: __DIR__ . '/data/pos.sqlite';
        if (!is_dir(dirname($file))) {
            @mkdir(dirname($file), 0700, true);
        }
        $database = new PDO("sqlite:$file", null, null, [
            PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
            PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC,
            PDO::ATTR_TIMEOUT => 10,
        ]);
        $database->exec('PRAGMA foreign_keys = ON');
        $database->exec(SCHEMA);
        first_people($database);
    }
    return $database;
}

/** Two people to try it with. Give your own people passwords of their own. */
function first_people(PDO $database): void
{
    if ($database->query('SELECT 1 FROM people')->fetch() !== false) {
        return;
    }
    $add = $database->prepare('INSERT OR IGNORE INTO people (name, password, rights) VALUES (?, ?, ?)');
    $add->execute(['aminah', password_hash('counter', PASSWORD_DEFAULT), CASHIER]);
    $add->execute(['chong', password_hash('manager', PASSWORD_DEFAULT), MANAGER]);
}

/** Runs a statement, and gives the number of rows that it changed. */
function change(string $sql, array $values): int
{
    $statement = database()->prepare($sql);
    $statement->execute($values);
    return $statement->rowCount();
}

function rows(string $sql, array $values = []): array
{
    $statement = database()->prepare($sql);
    $statement->execute($values);
    return $statement->fetchAll();
}

function row(string $sql, array $values = []): ?array
{
    return rows($sql, $values)[0] ?? null;
}
